import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, dirname } from 'node:path';

const require = createRequire(import.meta.url);

const panics = {
  message: '',
  /** @param {string} message */
  set_message(message) {
    this.message = message;
  },
};

/**
 * The engine must be of the very commit the installed `prisma` was built with: the two share a protocol
 * that has no version of its own. Throws when it is not.
 */
export function assertMatchingVersions() {
  const wasmEntry = require.resolve('@prisma/schema-engine-wasm');
  const found = readVersion(join(dirname(wasmEntry), 'package.json'));
  const enginesPackage = ['prisma', '@prisma/engines', '@prisma/engines-version'].reduce(
    (from, name) => createRequire(from).resolve(`${name}/package.json`),
    import.meta.filename,
  );
  const expected = readVersion(enginesPackage);
  if (found !== expected) {
    throw new Error(
      `@prisma/schema-engine-wasm is ${found}, but the installed prisma needs ${expected}. ` +
        `Install exactly @prisma/schema-engine-wasm@${expected}.`,
    );
  }
}

/** @param {string} path */
function readVersion(path) {
  /** @type {unknown} */
  const content = JSON.parse(readFileSync(path, 'utf8'));
  const isObject = typeof content === 'object' && content !== null;
  return isObject && 'version' in content ? String(content.version) : 'of an unknown version';
}

/**
 * Loads the engine. Its own entry point is of no use: Node 20 cannot import a `.wasm` file.
 */
export async function loadEngine() {
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const bindingsPath = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const code = await readFile(join(dirname(bindingsPath), 'schema_engine_bg.wasm'));
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: panics });
  // The types of Node leave WebAssembly to those of the browser.
  const { instance } = await Reflect.get(globalThis, 'WebAssembly').instantiate(code, {
    './schema_engine_bg.js': { ...bindings },
  });
  bindings['__wbg_set_wasm'](instance.exports);
  instance.exports['__wbindgen_start']();
  return { SchemaEngine: bindings.SchemaEngine, version: bindings.version };
}

/** The message of a panic; the error that comes out of WebAssembly is a bare `RuntimeError: unreachable`. */
export function panicMessage() {
  return panics.message;
}
