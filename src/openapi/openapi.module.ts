// Owns the description of the query API: the OpenAPI document and its page.
import { Module } from '@nestjs/common';
import { OpenApiDocument } from './document.js';
import { OpenApiController } from './openapi.controller.js';

@Module({ controllers: [OpenApiController], providers: [OpenApiDocument] })
export class OpenApiModule {}
