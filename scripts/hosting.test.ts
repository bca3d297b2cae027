import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { HOSTING, hostingText } from './hosting.mjs';
import { ISOLATION_HEADERS, SITE_HEADERS } from './policies.mjs';
import { serve } from './serve.mjs';

test('docs/HOSTING.md tells other servers to send what ours sends', () => {
  // Else: node scripts/hosting.mjs
  expect(readFileSync(HOSTING, 'utf8')).toBe(hostingText());
});

const PATHS = [
  '',
  'index.html',
  'shell.js',
  'assets/main-1a2b.js',
  'assets/packs-1a2b.js',
  'assets/unpacks-1a2b.js',
  'ort/ort.wasm',
  'ort/ort.mjs',
  'app.webmanifest',
];
const HEADERS = [...Object.keys({ ...ISOLATION_HEADERS, ...SITE_HEADERS }), 'Content-Security-Policy', 'Cache-Control'];

/** Those that the document names. */
const TYPED = /\.(wasm|mjs|webmanifest)$/;

let folder = '';
let ours: Awaited<ReturnType<typeof serve>>;
let running: ChildProcess | null = null;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hosting-'));
  chmodSync(folder, 0o755); // nginx, started by root, reads it as nobody
  for (const path of PATHS.filter((each) => each !== '')) {
    mkdirSync(dirname(join(folder, 'site', path)), { recursive: true });
    writeFileSync(join(folder, 'site', path), path);
  }
  ours = await serve({ dir: join(folder, 'site'), port: 0 });
});
afterEach(() => {
  running?.kill();
});
afterAll(async () => {
  await ours.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the document says for a server. */
const block = (name: string): string => new RegExp(`## ${name}\n+\`\`\`\\w*\n([\\s\\S]*?)\n\`\`\``).exec(hostingText())?.[1] ?? '';

/** A server's own configuration around that. */
const SERVERS = [
  {
    name: 'Caddy',
    program: 'caddy',
    words: ['run', '--adapter', 'caddyfile', '--config'],
    around: (text: string, port: number) =>
      `{\n  admin off\n  auto_https off\n}\n${text.replace('example.org', `http://127.0.0.1:${port}`).replace('/srv/emollm', join(folder, 'site'))}\n`,
  },
  {
    name: 'nginx',
    program: 'nginx',
    words: ['-c'],
    around: (text: string, port: number) => {
      const [http = '', server = ''] = text.split('# server { … }');
      const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${join(folder, each)};`);
      return `daemon off; pid ${join(folder, 'nginx.pid')}; error_log stderr; events {}
http { access_log off; ${places.join(' ')} ${http}
server { listen 127.0.0.1:${port}; root ${join(folder, 'site')}; ${server} } }`;
    },
  },
];
const isHere = (program: string): boolean => spawnSync(program, ['-v']).error === undefined;

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Tried until the server has started. */
async function patientFetch(url: string): Promise<Response> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await fetch(url);
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

// Where the program is not installed nobody knows.
test.each(SERVERS.filter(({ program }) => isHere(program)))(
  '$name sends it, too',
  async ({ name, program, words, around }) => {
    const port = await freePort();
    const config = join(folder, `${name}.conf`);
    writeFileSync(config, around(block(name), port));
    running = spawn(program, [...words, config], { stdio: 'ignore' });
    for (const path of PATHS) {
      const [theirs, expected] = await Promise.all([patientFetch(`http://127.0.0.1:${port}/${path}`), fetch(`${ours.url}${path}`)]);
      expect(theirs.status, path).toBe(200);
      const told = ({ headers }: Response) => HEADERS.map((header) => [header, headers.get(header)]);
      expect(told(theirs), path).toEqual(told(expected));
      const type = ({ headers }: Response) => headers.get('Content-Type')?.split(';')[0];
      if (TYPED.test(path)) expect(type(theirs), path).toBe(type(expected));
    }
  },
  30_000,
);
