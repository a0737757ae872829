import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** A span in the words of a test. */
export interface Collected {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Ids of the spans it is linked with. */
  readonly links: readonly string[];
  readonly isFailed: boolean;
  readonly resource: Readonly<Record<string, string | number>>;
}

export interface Collector {
  readonly url: string;
  readonly spans: readonly Collected[];
  /** Every request as it came: its path, its content type, its body. */
  readonly requests: readonly { path: string; type: string; headers: string; body: string }[];
  close(): Promise<void>;
}

/** A collector of OTLP over HTTP; of protobuf it only keeps what came. One that `hangs` answers nothing. */
export async function startCollector({ hangs = false } = {}): Promise<Collector> {
  const spans: Collected[] = [];
  const requests: { path: string; type: string; headers: string; body: string }[] = [];
  const take = async (incoming: IncomingMessage): Promise<void> => {
    const type = incoming.headers['content-type'] ?? '';
    const headers = JSON.stringify(incoming.headers);
    const body = await text(incoming);
    requests.push({ path: incoming.url ?? '', type, headers, body });
    if (type === 'application/json') spans.push(...spansOf(JSON.parse(body)));
  };
  const server = createServer((incoming, answer) => {
    void take(incoming).then(() => {
      if (!hangs) answer.setHeader('content-type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

// The JSON form of opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest, as far as it is read.
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SpanMessage[] }[];
  }[];
}

interface SpanMessage {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly Attribute[];
  readonly links: readonly { readonly spanId: string }[];
  readonly status: { readonly code: number };
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}

const ERROR = 2;

function spansOf({ resourceSpans }: Export): Collected[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        name: span.name,
        kind: span.kind,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        attributes: valuesOf(span.attributes),
        links: span.links.map(({ spanId }) => spanId),
        isFailed: span.status.code === ERROR,
        resource: valuesOf(resource.attributes),
      })),
    ),
  );
}

function valuesOf(attributes: readonly Attribute[]): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? '']),
  );
}
