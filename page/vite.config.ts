import { defineConfig } from 'vite';

const API = ['groups', 'topics', 'changes', 'callbacks', 'status', 'docs', 'openapi.json'];

export default defineConfig({
  // Relative addresses: the page may be behind a prefix that a proxy strips.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `npx vite page` beside `npm start`.
  server: {
    proxy: Object.fromEntries(API.map((path) => [`/${path}`, 'http://127.0.0.1:3000'])),
  },
});
