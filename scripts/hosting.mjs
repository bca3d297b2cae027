/**
 * Writes docs/HOSTING.md, what other servers are to send: `node scripts/hosting.mjs`. All headers come from policies.mjs, which is what
 * `npm start` sends; scripts/hosting.test.ts says when the document is older.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain, ROOT } from './house.mjs';
import { ISOLATION_HEADERS, PACKS_POLICY, SITE_HEADERS, SITE_POLICY } from './policies.mjs';

export const HOSTING = join(ROOT, 'docs', 'HOSTING.md');

const POLICY = 'Content-Security-Policy';
const KEPT_FOR_EVER = 'public, max-age=31536000, immutable';
const ASKED_AGAIN = 'no-cache';

/** With everything. @type {[string, string][]} */
const EVERYWHERE = Object.entries({ ...ISOLATION_HEADERS, ...SITE_HEADERS });

/** @param {string} pad @param {(name: string, value: string) => string} line @param {[string, string][]} headers */
const lines = (pad, line, headers) => headers.map(([name, value]) => `${pad}${line(name, value)}`).join('\n');

/** @param {string} value with no quotation mark of its own */
const quoted = (value) => `"${value}"`;

function nginx() {
  const add = (/** @type {string} */ name, /** @type {string} */ value) => `add_header ${name} ${quoted(value)} always;`;
  // A location with an add_header of its own inherits none.
  return `# http { … }
map $uri $emollm_policy {
    default                       ${quoted(SITE_POLICY)};
    ~/assets/packs-[^/]+\\.js$     ${quoted(PACKS_POLICY)};
}
map $uri $emollm_cache {
    default      ${quoted(ASKED_AGAIN)};
    ~/assets/    ${quoted(KEPT_FOR_EVER)};
}
types { application/wasm wasm; text/javascript mjs; application/manifest+json webmanifest; }

# server { … }
location / {
    add_header ${POLICY} $emollm_policy always;
    add_header Cache-Control $emollm_cache always;
${lines('    ', add, EVERYWHERE)}
}`;
}

function apache() {
  const set = (/** @type {string} */ name, /** @type {string} */ value) => `Header always set ${name} ${quoted(value)}`;
  return `AddType application/wasm .wasm
AddType text/javascript .mjs
AddType application/manifest+json .webmanifest
${lines('', set, [[POLICY, SITE_POLICY], ...EVERYWHERE, ['Cache-Control', ASKED_AGAIN]])}
<If "%{REQUEST_URI} =~ m#/assets/#">
    ${set('Cache-Control', KEPT_FOR_EVER)}
</If>
<If "%{REQUEST_URI} =~ m#/assets/packs-[^/]+\\.js$#">
    ${set(POLICY, PACKS_POLICY)}
</If>
# What was sent packed has "-gzip" in its tag, by which Apache does not know it again.
RequestHeader edit If-None-Match '^"(.+)-gzip"$' '"$1", "$1-gzip"'`;
}

function caddy() {
  const set = (/** @type {string} */ name, /** @type {string} */ value) => `${name} ${quoted(value)}`;
  // Caddy puts the narrower rule first, and the one for everything would then overwrite it: inside of `route` rules keep their order.
  return `example.org {
    root * /srv/emollm
    @hashed path */assets/*
    @packs path_regexp /assets/packs-[^/]+\\.js$
    @manifest path *.webmanifest
    route {
        header {
${lines('            ', set, [[POLICY, SITE_POLICY], ...EVERYWHERE, ['Cache-Control', ASKED_AGAIN]])}
        }
        header @hashed Cache-Control ${quoted(KEPT_FOR_EVER)}
        header @packs ${POLICY} ${quoted(PACKS_POLICY)}
        header @manifest Content-Type application/manifest+json
    }
    file_server
}`;
}

/** @param {boolean} canTakeBack whether a rule can take back what one before it set; else both policies hold, and what both allow is allowed */
function headersFile(canTakeBack) {
  const set = (/** @type {string} */ name, /** @type {string} */ value) => `${name}: ${value}`;
  const packs = canTakeBack ? `\n/assets/packs-*\n  ! ${POLICY}\n  ${set(POLICY, PACKS_POLICY)}` : '';
  return `/*
${lines('  ', set, [[POLICY, SITE_POLICY], ...EVERYWHERE])}
/assets/*
  ${set('Cache-Control', KEPT_FOR_EVER)}${packs}`;
}

export function hostingText() {
  const block = (/** @type {string} */ text, language = '') => `\`\`\`${language}\n${text}\n\`\`\``;
  const table = [[POLICY, SITE_POLICY], ...EVERYWHERE].map(([name, value]) => `| \`${name}\` | \`${value}\` |`).join('\n');
  return `# Hosting the page

\`npm run build\` writes the page to \`dist/\`. It works from any folder of any static host: all its addresses are relative. Nothing has to
run on the server. What the server should send besides the files stands here. This document is written by \`node scripts/hosting.mjs\`
from \`scripts/policies.mjs\`, which is what \`npm start\` sends; a test says when it is older.

## What to send, and what for

With everything:

| header | value |
|---|---|
${table}

With \`assets/packs-*.js\`, the script of the one thread that may ask another host (for a pack from the Hugging Face hub or a mirror of it,
when the user asks for one), another policy. A thread of its own obeys the policy that its own script was sent with:

| header | value |
|---|---|
| \`${POLICY}\` | \`${PACKS_POLICY}\` |

- **The three Cross-Origin headers** give the page threads. Without them WebAssembly runs on one, which is slower.
- **Content-Security-Policy**: nothing from elsewhere, nothing to elsewhere; no inline script, no inline style but one (by its hash), no
  \`eval\` (WebAssembly needs \`wasm-unsafe-eval\`, which is no \`eval\`). The same stands as a \`<meta>\` in each page, with Trusted Types
  besides, so that the page itself is bound on any host.
- **Permissions-Policy**: the camera and copying to the clipboard, nothing else; no microphone, since no sound is ever recorded.
- **Cache-Control**: names under \`assets/\` carry a hash of their content and may be kept for ever (\`${KEPT_FOR_EVER}\`).
  Everything else must be asked for again (\`${ASKED_AGAIN}\`), above all \`index.html\`, \`shell.js\` and each pack's \`manifest.json\`.
- **Types**: \`.wasm\` as \`application/wasm\`, \`.mjs\` as \`text/javascript\`. Byte ranges should be served: a cut download of a pack goes on
  where it stopped.
- **https**, or localhost. Browsers give no camera, no GPU and no service worker to plain http from elsewhere.

nginx 1.22.1, Apache 2.4.71 and Caddy 2.6.2 were tried with what stands here, with the page at the root and in a folder: headers of every
kind of file, threads, no violation of the policy, byte ranges, files that are asked for again, the service worker. Cloudflare’s rules were
tried with its own local server (wrangler 4), Netlify’s were not.

## nginx

${block(nginx(), 'nginx')}

(\`nginx -t\` warns of a duplicate extension where its own list of types has one already. It does no harm.)

## Apache

In \`.htaccess\` beside \`index.html\`, where the server’s configuration says \`AllowOverride FileInfo\` for that folder (else Apache does not
read it, and says nothing), with the modules headers and mime (\`a2enmod headers\`):

${block(apache(), 'apache')}

## Caddy

${block(caddy())}

## Cloudflare Pages

As \`_headers\` in \`dist/\`:

${block(headersFile(true))}

Cloudflare Pages takes no file over 25 MiB. Two of the page’s are larger: \`ort/ort-wasm-simd-threaded.asyncify.wasm\` (WebGPU) and
\`language-model-weights-1.bin\` of the pack \`emollm-s\`. As built it can only stand behind Cloudflare, on another host, with that host’s
rules; the rules above are for a page with smaller packs. A missing file is answered with the page where there is no \`404.html\`; the page
notices that.

## Netlify

As \`_headers\` in \`dist/\`:

${block(headersFile(false))}

Netlify sends two policies where two rules fit, and the browser then allows only what both do. So there is one policy for all here, and
packs cannot be fetched from a hub; a pack's folder or ZIP that the user has can still be opened.

## GitHub Pages, and other hosts that send no headers

The page works there, with this lost:

- **Threads**: it says so, and runs on one.
- **The policy of the threads**: the \`<meta>\` binds the page, and so what it loads and where its own code connects to. A thread obeys only
  the headers of its own script, and there are none: that no thread but the packs' asks another host then rests on the code alone, and on
  the list under “What leaves this device”, which is the browser's own record.
- **frame-ancestors**: another site can show the page in a frame. The browser gives a framed page no camera unless that site asks for it
  and the user agrees.
- **Permissions-Policy**: the page may still ask for what it never asks for.
- **Cache-Control**: after an update a browser may show the old page for as long as the host says. Page and
  pack stay of one version all the same: the service worker takes all files of one version or none.

## A folder beside others

Browser storage belongs to the whole host: two pages of one host share its room. All names of this page begin with \`emollm\`, and
“Remove everything this site keeps” removes those alone. The service worker looks after its own folder.
`;
}

if (isMain(import.meta.url)) {
  writeFileSync(HOSTING, hostingText());
  console.log('docs/HOSTING.md written');
}
