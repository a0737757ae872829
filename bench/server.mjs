// The built service with handlers beside it, for comparison on one and the same server: POST
// /bench/none touches no database, POST /bench/upsert makes one Prisma upsert per request, and GET
// /bench/topics/:groupId answers a page of topics by one Prisma findMany.
import 'reflect-metadata';
import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  Module,
  Param,
  Post,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from '../dist/app.js';
import { AppModule } from '../dist/app.module.js';
import { parseSettings } from '../dist/config/settings.js';
import { PrismaClient } from '../dist/database/generated/client.js';
import { CALLBACK_OK } from '../dist/webhooks/callback-answer.js';
import { createLogger } from '../dist/http/logger.js';

const settings = parseSettings(process.env);
const prisma = new PrismaClient({
  adapter: new PrismaPg({
    connectionString: settings.databaseUrl ?? undefined,
    max: settings.databasePoolSize,
  }),
});

class BenchController {
  /** @returns {string} the answer of the receiver */
  none() {
    return CALLBACK_OK;
  }

  /** @param {Buffer} bytes a callback */
  async upsert(bytes) {
    const body = JSON.parse(bytes.toString());
    const topic = {
      name: body.Name,
      type: body.Type,
      ownerAccount: body.Owner_Account,
      operatorAccount: body.Operator_Account,
      userDefinedDataList: body.UserDefinedDataList,
      updatedAt: new Date(),
      seq: 0,
    };
    await prisma.topic.upsert({
      where: { groupId_topicId: { groupId: body.GroupId, topicId: body.TopicId } },
      create: { groupId: body.GroupId, topicId: body.TopicId, ...topic },
      update: topic,
    });
    return CALLBACK_OK;
  }

  /** @param {string} groupId */
  async topics(groupId) {
    const rows = await prisma.topic.findMany({
      where: { groupId, deletedAt: null },
      orderBy: { topicId: 'asc' },
      take: 50,
      omit: { registers: true },
    });
    // JSON has no BigInt.
    return { data: rows.map((row) => ({ ...row, seq: Number(row.seq) })) };
  }
}

// Decorators by hand: this file runs as it is.
const { prototype } = BenchController;
for (const name of /** @type {const} */ (['none', 'upsert'])) {
  const descriptor = { value: prototype[name] };
  Post(name)(prototype, name, descriptor);
  HttpCode(200)(prototype, name, descriptor);
  Header('content-type', 'application/json; charset=utf-8')(prototype, name, descriptor);
  Body()(prototype, name, 0);
}
Get('topics/:groupId')(prototype, 'topics', { value: prototype.topics });
Param('groupId')(prototype, 'topics', 0);
Controller('bench')(BenchController);

// As the guard of callbacks does: the body of another request is not read.
class BenchModule {
  /** @param {HttpAdapterHost} host */
  constructor({ httpAdapter }) {
    httpAdapter.getInstance().addHook('onRequest', async (/** @type {any} */ request) => {
      if (request.url.startsWith('/bench/')) request.isAuthentic = true;
    });
  }
}
Inject(HttpAdapterHost)(BenchModule, undefined, 0);
Module({ controllers: [BenchController] })(BenchModule);

const { imports = [], ...root } = AppModule.register(settings);
const app = await createApp(settings, createLogger(settings), {
  ...root,
  imports: [...imports, BenchModule],
});
await app.listen(0, '127.0.0.1');
process.stdout.write(`${await app.getUrl()}\n`);
