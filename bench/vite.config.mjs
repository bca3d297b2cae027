/** The page as it is built for users, and the bench's page beside it, over the same worker. Root, plugins and targets are the page's. */
import { join } from 'node:path';
import page from '../vite.config.ts';
import { DIST } from './places.mjs';

const root = String(page.root);

export default {
  ...page,
  build: {
    ...page.build,
    outDir: DIST,
    emptyOutDir: true,
    // Packs and samples are put into the folder by packs.mjs: other packs than the page has.
    copyPublicDir: false,
    sourcemap: false,
    rolldownOptions: { ...page.build?.rolldownOptions, input: ['index.html', 'bench/pages/ours.html'].map((path) => join(root, path)) },
  },
};
