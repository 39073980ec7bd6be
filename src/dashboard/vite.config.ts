/** Builds the dashboard into dist/dashboard: hashed names, and a gzip copy of each, which the API serves as it is. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What browsers are sent: packed once, here, and not at each request. */
const packed: Plugin = {
  name: 'packed',
  generateBundle(_options, bundle) {
    for (const [fileName, file] of Object.entries(bundle)) {
      const source = file.type === 'chunk' ? file.code : file.source;
      if (!fileName.endsWith('.html')) {
        this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(source, { level: 9 }) });
      }
    }
  },
};

export default defineConfig({
  root: path('.'),
  base: '/dashboard/',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [packed],
  build: {
    outDir: path('../../dist/dashboard'),
    emptyOutDir: true,
    target: 'es2023',
    // Inlined data URLs would need a looser CSP.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
