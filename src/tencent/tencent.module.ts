// Owns the vendor's REST API: client, rate, reading of the answers. Hides its wire form.
import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { Tracing } from '../tracing/tracing.js';
import { RateLimiter } from './rate-limiter.js';
import { RestClient } from './rest-client.js';

@Module({})
export class TencentModule {
  /**
   * @param imports where the RateLimiter comes from.
   * Exports RestClient, which is `null` where the settings name no API: inject it by its token.
   */
  static register(imports: NonNullable<ModuleMetadata['imports']>): DynamicModule {
    return {
      module: TencentModule,
      imports,
      providers: [
        {
          provide: RestClient,
          useFactory: createRestClient,
          inject: [Settings, RateLimiter, Tracing],
        },
      ],
      exports: [RestClient],
    };
  }
}

/** A client by the settings, or `null` where they name no API. */
export function createRestClient(
  settings: Settings,
  limiter: RateLimiter,
  tracing: Tracing,
): RestClient | null {
  const { imSdkAppId, imApiOrigin, imAdminUserId, imSecretKey } = settings;
  if (imApiOrigin === null || imSecretKey === null) return null;
  return new RestClient({
    origin: imApiOrigin,
    account: { sdkAppId: imSdkAppId, userId: imAdminUserId, secretKey: imSecretKey },
    limiter,
    tracing,
  });
}
