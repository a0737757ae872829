// Owns traces: what is a span, and where it is sent. Hides OpenTelemetry, which is loaded only when it
// is set; anybody may tell what he does.
import { Global, Module } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { Tracing } from './tracing.js';

@Global()
@Module({
  providers: [{ provide: Tracing, useFactory: Tracing.open, inject: [Settings] }],
  exports: [Tracing],
})
export class TracingModule {}
