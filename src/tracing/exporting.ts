// The part of OpenTelemetry that collects spans and sends them. Of the environment it reads the
// collector's address and headers, the sampler and all limits by itself.
import { readFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import type { Tracer } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { TracingSettings } from '../config/settings.js';

const PACKAGE = new URL('../../package.json', import.meta.url);
const SCOPE = 'topic-mirror';
// Of what a stop may take: see docs/install.md, "Start and stop".
const FLUSH_MS = 1_000;
const QUIET_MS = 60_000;

export interface Exporting {
  readonly tracer: Tracer;
  /** Sends what is left, as far as the collector takes it at once. */
  stop(): Promise<void>;
}

export async function startExporting({
  protocol,
  serviceName,
}: TracingSettings): Promise<Exporting> {
  const { version }: { version: string } = JSON.parse(readFileSync(PACKAGE, 'utf8'));
  tellFailures();
  const named = resourceFromAttributes({ 'service.name': serviceName, 'service.version': version });
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(named)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(await createExporter(protocol))],
  });
  return {
    tracer: provider.getTracer(SCOPE, version),
    stop: () => inTime(provider.shutdown()),
  };
}

async function createExporter(protocol: TracingSettings['protocol']): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await (protocol === 'http/json'
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto'));
  return new OTLPTraceExporter();
}

/** An unreachable collector is logged once in a while; nothing else of this process suffers. */
function tellFailures(): void {
  const logger = new Logger('Tracing');
  let quietUntil = 0;
  setGlobalErrorHandler((error) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + QUIET_MS;
    logger.warn({ msg: 'spans are not delivered', reason: reasonOf(error) });
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FLUSH_MS);
  });
  // Failures are already logged.
  const done = work.catch(() => undefined);
  await Promise.race([done, late]).finally(() => clearTimeout(timer));
}
