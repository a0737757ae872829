import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Injectable } from '@nestjs/common';

// The same from src/ and from dist/.
const DIRECTORY = join(import.meta.dirname, '../../dist/page');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

/** The built page, in memory after its first request; nothing without a build. */
@Injectable()
export class PageFiles {
  private files: Promise<ReadonlyMap<string, PageFile>> | undefined;

  async index(): Promise<PageFile | undefined> {
    return (await this.all()).get('index.html');
  }

  async asset(name: string): Promise<PageFile | undefined> {
    return (await this.all()).get(`assets/${name}`);
  }

  private all(): Promise<ReadonlyMap<string, PageFile>> {
    this.files ??= readFiles(DIRECTORY).catch((error: unknown) => {
      this.files = undefined;
      throw error;
    });
    return this.files;
  }
}

async function readFiles(directory: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  for (const folder of ['', 'assets/']) {
    for (const name of await namesIn(join(directory, folder))) {
      const type = TYPES[extname(name)];
      if (type === undefined) continue;
      files.set(folder + name, { type, bytes: await readFile(join(directory, folder, name)) });
    }
  }
  return files;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
