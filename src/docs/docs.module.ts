// Owns what is told about the query API: the OpenAPI document and its page.
import { Module } from '@nestjs/common';
import { DocsController } from './docs.controller.js';

@Module({ controllers: [DocsController] })
export class DocsModule {}
