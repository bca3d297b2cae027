import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = dirname(fileURLToPath(import.meta.url));

/** The command line and the engine as a library: the same sources as the page's worker, with packages left outside. */
export default defineConfig({
  root,
  publicDir: false,
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'dist-node',
    emptyOutDir: false, // a job that runs loads its chunks late; scripts/build.mjs clears it
    sourcemap: true,
    minify: false,
    rolldownOptions: {
      input: { cli: join(root, 'src/node/cli.ts'), engine: join(root, 'src/engine/index.ts') },
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
    },
  },
});
