import { copyFileSync, createReadStream, mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';
import { PAGE_CHUNKS } from './scripts/page-chunks.mjs';
import { ISOLATION_HEADERS, META_POLICY } from './scripts/policies.mjs';
import { mimeType } from './scripts/serve.mjs';

const root = dirname(fileURLToPath(import.meta.url));

/** What onnxruntime-web fetches at run time: the plain build (WASM) and the one that its WebGPU bundle asks for. */
const ORT_FILES = ['ort-wasm-simd-threaded', 'ort-wasm-simd-threaded.asyncify'].flatMap((name) => [`${name}.mjs`, `${name}.wasm`]);

/** Serves onnxruntime's wasm from our own origin, under `ort/`: from the package in dev, as copies in the build. */
function ortFiles(): Plugin {
  const resolve = createRequire(join(root, 'package.json')).resolve;
  const files = new Map(ORT_FILES.map((name) => [name, resolve(`onnxruntime-web/${name}`)]));
  let outDir = 'dist';
  return {
    name: 'ort-files',
    configResolved(config) {
      outDir = config.build.outDir;
    },
    configureServer(server) {
      server.middlewares.use('/ort', (request, response, next) => {
        const file = files.get(basename((request.url ?? '').split('?', 1)[0] ?? ''));
        if (file === undefined) return next();
        response.setHeader('content-type', mimeType(extname(file)));
        response.setHeader('content-length', statSync(file).size);
        response.setHeader('cache-control', 'no-cache');
        for (const [name, value] of Object.entries(ISOLATION_HEADERS)) response.setHeader(name, value);
        createReadStream(file).pipe(response);
      });
    },
    closeBundle() {
      mkdirSync(join(outDir, 'ort'), { recursive: true });
      for (const [name, file] of files) copyFileSync(file, join(outDir, 'ort', name));
    },
  };
}

/** "Nothing leaves this machine", enforced by the browser on any host. Not in dev, where Vite needs inline scripts. */
function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: META_POLICY },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/** The page's own files come while the first ones find out its language, and not after that. */
function preloadPage(): Plugin {
  return {
    name: 'preload-page',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html, { path, bundle }) {
        if (path !== '/index.html') return [];
        const chunks = Object.values(bundle ?? {}).flatMap((file) => (file.type === 'chunk' ? [file] : []));
        const page = chunks.find(({ facadeModuleId }) => facadeModuleId === join(root, 'src/ui/main.tsx'));
        if (!page) throw new Error('the build has no file of src/ui/main.tsx');
        const names = [page.fileName, ...page.imports].filter((name) => !html.includes(name));
        return names.map((name) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', crossorigin: true, href: `./${name}` },
          injectTo: 'head',
        }));
      },
    },
  };
}

export default defineConfig({
  root,
  // Relative: the built page works from any folder of any static host.
  base: './',
  plugins: [react(), ortFiles(), contentSecurityPolicy(), preloadPage()],
  resolve: {
    // onnxruntime-web without inlined wasm glue; one copy, also under @huggingface/transformers.
    conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions],
    dedupe: ['onnxruntime-web', 'onnxruntime-common'],
    alias: { 'react-style-singleton': join(root, 'src/ui/style-singleton.ts') },
  },
  worker: { format: 'es' },
  server: { headers: ISOLATION_HEADERS },
  preview: { headers: ISOLATION_HEADERS },
  build: {
    target: 'es2023',
    // The oldest with light-dark() of their own: what stands in for it elsewhere does not follow a nested color-scheme.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    sourcemap: true,
    assetsInlineLimit: 0,
    // transformers.js is large and arrives with the language model; scripts/check-size.mjs watches what matters.
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      input: ['index.html', 'self-test.html', 'evaluate.html'].map((page) => join(root, page)),
      checks: { pluginTimings: false },
      output: { codeSplitting: { groups: PAGE_CHUNKS } },
    },
  },
});
