import type { Family, Parameter, ParameterTable, Schema } from '../http/parameters.js';
import { CALLBACK_BODY, CALLBACK_QUERY, GROUP_ID, PROBLEM, TOPIC_ID } from './examples.js';
import { type Operation, OPERATIONS } from './operations.js';
import { ref, SCHEMAS } from './schemas.js';

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'The request is not allowed; `detail` names what, and what is.',
  401: 'No API key, or one that is not known.',
  403: 'The callback is not authentic; nothing was done.',
  404: 'The mirror does not know it.',
  410: 'What was asked for is no longer kept, or is of a time before a restore of the database.',
  413: 'The body is larger than 1 MiB.',
  414: 'The address is too long.',
  415: 'The body is compressed.',
  429: 'The key asked too often.',
  503: 'Not now; ask again.',
};

const PATH_PARAMETERS = [
  { name: 'groupId', description: 'The id of a group, percent-encoded.', example: GROUP_ID },
  { name: 'topicId', description: 'The id of a topic, percent-encoded.', example: TOPIC_ID },
];

const REQUEST_ID = { $ref: '#/components/headers/RequestId' };

/** The OpenAPI 3.1 document of the service, made from the tables its requests are read by. */
export function openApiDocument(version: string): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const operation of OPERATIONS) {
    (paths[operation.path] ??= {})[operation.method] = describe(operation);
  }
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
    servers: [{ url: '/' }],
    tags: [
      { name: 'Topics', description: 'The mirror: groups and their topics.' },
      { name: 'Changes', description: 'What happened, and what happens.' },
      { name: 'Callbacks', description: 'Where the vendor sends its callbacks.' },
      { name: 'Operations', description: 'Probes, figures and this document.' },
    ],
    paths,
    components: {
      schemas: SCHEMAS,
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
          type: 'http',
          scheme: 'bearer',
          description: 'One of `API_KEYS`. Not needed where the query API is open.',
        },
      },
    },
  };
}

function describe(operation: Operation): Schema {
  const { id, tag, summary, description, isGuarded } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: isGuarded ? [{ apiKey: [] }, {}] : [],
    parameters: parametersOf(operation),
    ...(operation.method === 'post' && {
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: { type: 'object' }, example: CALLBACK_BODY },
        },
      },
    }),
    responses: responsesOf(operation),
  };
}

function parametersOf({ path, method, parameters = {}, family, isConditional, stream }: Operation) {
  return [
    ...PATH_PARAMETERS.filter(({ name }) => path.includes(`{${name}}`)).map((parameter) => ({
      ...parameter,
      in: 'path',
      required: true,
      schema: { type: 'string', minLength: 1, maxLength: 256 },
    })),
    ...queryParameters(parameters),
    ...(family === undefined ? [] : [familyParameter(family)]),
    ...(method === 'post' ? callbackParameters() : []),
    ...(isConditional ? [header('If-None-Match', 'The `ETag` of an answer that is known.')] : []),
    ...(stream === undefined
      ? []
      : [header('Last-Event-ID', 'The id of the last event that was seen; for a stream.')]),
  ];
}

function queryParameters(table: ParameterTable): Schema[] {
  return Object.entries(table).map(
    ([name, { description, schema, example }]: [string, Parameter<unknown>]) => ({
      name,
      in: 'query',
      description,
      schema,
      ...(example !== undefined && { example }),
    }),
  );
}

/** A form-style object becomes one `name=value` for each member, which may be a list. */
function familyParameter({ prefix, description, example }: Family): Schema {
  const members = Object.entries(example).map(([key, value]) => [prefix + key, value]);
  return {
    name: prefix.replace(/\.$/, ''),
    in: 'query',
    description,
    style: 'form',
    explode: true,
    schema: {
      type: 'object',
      patternProperties: {
        [`^${prefix.replace('.', '\\.')}.+`]: {
          oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
        },
      },
      additionalProperties: false,
    },
    example: Object.fromEntries(members),
  };
}

function callbackParameters(): Schema[] {
  return [
    ...Object.entries(CALLBACK_QUERY).map(([name, example]) => ({
      name,
      in: 'query',
      description: 'As the vendor appends it.',
      schema: { type: 'string' },
      example,
    })),
    ...['Sign', 'RequestTime'].map((name) => ({
      name,
      in: 'query',
      description: 'Where callbacks are authenticated: sha256 of token and time, and the time.',
      schema: { type: 'string' },
    })),
  ];
}

function header(name: string, description: string): Schema {
  return { name, in: 'header', description, schema: { type: 'string' } };
}

function responsesOf(operation: Operation): Record<string, Schema> {
  const { answer, stream, isConditional, refusals, method } = operation;
  const { type, schema, example } = answer;
  const ok: Schema = {
    description: 'OK',
    headers: {
      'x-request-id': REQUEST_ID,
      ...(isConditional && { etag: { $ref: '#/components/headers/ETag' } }),
    },
    content: {
      [type]: { schema: schema ? ref(schema) : schemaOf(type), example },
      ...(stream !== undefined && {
        'text/event-stream': { schema: { type: 'string' }, example: stream },
      }),
    },
  };
  const responses: Record<string, Schema> = { 200: ok };
  if (isConditional) {
    responses['304'] = {
      description: 'Nothing has changed since the answer that is known.',
      headers: { etag: { $ref: '#/components/headers/ETag' }, 'x-request-id': REQUEST_ID },
    };
  }
  for (const [status, codes = []] of Object.entries(refusals)) {
    responses[status] =
      method === 'post' ? callbackRefusal(Number(status)) : refusal(Number(status), codes);
  }
  return responses;
}

function schemaOf(type: string): Schema {
  return { type: type === 'application/json' ? 'object' : 'string' };
}

function refusal(status: number, codes: readonly string[]): Schema {
  const listed = codes.map((code) => `\`${code}\``).join(', ');
  return {
    description: `${MEANINGS[status] ?? ''} ${listed}`,
    headers: {
      'x-request-id': REQUEST_ID,
      ...((status === 429 || status === 503) && {
        'retry-after': { $ref: '#/components/headers/RetryAfter' },
      }),
    },
    content: {
      'application/problem+json': {
        schema: ref('Problem'),
        ...(status === 404 && { example: PROBLEM }),
      },
    },
  };
}

function callbackRefusal(status: number): Schema {
  return {
    description: MEANINGS[status] ?? '',
    headers: { 'x-request-id': REQUEST_ID },
    content: {
      'application/json': {
        schema: ref('CallbackAnswer'),
        example: { ActionStatus: 'FAIL', ErrorInfo: 'the body is not JSON', ErrorCode: status },
      },
    },
  };
}
