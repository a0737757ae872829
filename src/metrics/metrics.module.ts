// Owns the figures of this process; anybody may count.
import { Global, Module } from '@nestjs/common';
import { Metrics } from './metrics.js';
import { Rejections } from './rejections.js';

@Global()
@Module({ providers: [Metrics, Rejections], exports: [Metrics, Rejections] })
export class MetricsModule {}
