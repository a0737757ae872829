import { createRequire } from 'node:module';
import { type INestApplication, Injectable } from '@nestjs/common';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

const require = createRequire(import.meta.url);

const REQUEST_ID = { 'x-request-id': { $ref: '#/components/headers/RequestId' } };

/** The OpenAPI 3.1 document of the service, made from the decorators of its controllers and DTOs. */
@Injectable()
export class OpenApiDocument {
  private app: INestApplication | undefined;
  private text: string | undefined;

  attach(app: INestApplication): void {
    this.app = app;
  }

  get json(): string {
    if (!this.app) throw new Error('no application is attached');
    return (this.text ??= JSON.stringify(describe(this.app)));
  }
}

function describe(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, config(), {
    autoTagControllers: false,
    // A method with two paths is two operations.
    operationIdFactory: (_controller, method) =>
      method.replace(/\[0\]$/, '').replace(/\[1\]$/, 'AtRoot'),
  });
  for (const { get, post } of Object.values(document.paths)) {
    for (const { parameters, responses } of [get, post].filter(
      (operation) => operation !== undefined,
    )) {
      parameters?.sort((a, b) => placeOf(a) - placeOf(b));
      for (const response of Object.values(responses)) {
        if (response === undefined || '$ref' in response) continue;
        response.description ||= 'OK';
        response.headers = { ...REQUEST_ID, ...response.headers };
      }
    }
  }
  for (const schema of Object.values(document.components?.schemas ?? {})) {
    Object.assign(schema, { additionalProperties: false });
  }
  return document;
}

function placeOf(parameter: object): number {
  return 'in' in parameter ? ['path', 'query', 'header'].indexOf(String(parameter.in)) : -1;
}

function config() {
  const { version } = require('../../package.json') as { version: string };
  return {
    openapi: '3.1.1',
    info: {
      title: 'topic-mirror',
      version,
      summary: 'A mirror of the community topics of Tencent Cloud Chat',
      description:
        'Reads only, but for the callbacks of the vendor. Times are ISO 8601 in UTC. Ids hold any printable ASCII and are percent-encoded in paths. Errors are RFC 9457 problems with a stable `code`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '.' }],
    // Of operations that name none.
    security: [],
    tags: [
      { name: 'Topics', description: 'The mirror: groups and their topics.' },
      { name: 'Changes', description: 'History and feed.' },
      { name: 'Callbacks', description: 'The receiver of callbacks, and the journal of them.' },
      { name: 'Operations', description: 'Probes, metrics and this document.' },
    ],
    components: {
      headers: {
        RequestId: { description: 'Also in the log.', schema: { type: 'string', format: 'uuid' } },
        RetryAfter: { description: 'Seconds to wait.', schema: { type: 'integer' } },
        ETag: {
          description: 'Changes with the group; the same for the same address until then.',
          schema: { type: 'string' },
        },
      },
      securitySchemes: {
        apiKey: {
          type: 'http' as const,
          scheme: 'bearer',
          description: 'One of `API_KEYS`. Not needed where the query API is open.',
        },
      },
    },
  };
}
