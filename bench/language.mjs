/** The language model: the same prompt length, the same number of new tokens, greedy. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measurePage } from './browser.mjs';
import { watchMemory } from './memory.mjs';
import { BENCH, DIST, ROOT, WORK } from './places.mjs';
import { peerPrompt } from './prompt.mjs';

const NEW_TOKENS = 64;
const PATIENCE_SECONDS = 300;
/** After three runs no other is begun later than this: a slow peer has told what it can. */
const RUN_SECONDS = 75;

const PREPARE = 'run training/.venv/bin/python bench/prepare_models.py (after make -C training base)';

/** @type {{ who: string, package: string | null, file: string, query: Record<string, string> }[]} */
const PEERS = [
  { who: 'transformers.js, int8', package: null, file: 'transformers/smollm2/onnx/model_quantized.onnx', query: { peer: 'transformers' } },
  {
    who: 'wllama, Q8_0',
    package: '@wllama/wllama',
    file: 'wllama/smollm2.q8_0.gguf',
    query: { peer: 'wllama', gguf: 'smollm2.q8_0.gguf' },
  },
  {
    who: 'wllama, Q4_1',
    package: '@wllama/wllama',
    file: 'wllama/smollm2.q4_1.gguf',
    query: { peer: 'wllama', gguf: 'smollm2.q4_1.gguf' },
  },
];

/** @param {string[]} args of native.mjs @returns {Promise<any>} */
function runNative(args) {
  return new Promise((done, failed) => {
    const command = ['--import', 'tsx', join(BENCH, 'native.mjs'), ...args];
    const child = spawn(process.execPath, command, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let error = '';
    child.stdout.on('data', (data) => {
      out += data;
    });
    child.stderr.on('data', (data) => {
      error += data;
    });
    child.on('error', failed);
    child.on('close', (code) => {
      const why = error.split('\n').find((line) => /Error/.test(line)) ?? `exit code ${code}`;
      if (code === 0) done(JSON.parse(out));
      else failed(new Error(why));
    });
  });
}

/**
 * @param {import('./run.mjs').Bench} bench
 * @returns {Promise<Record<string, unknown>>} the suite's part of results.json
 */
export async function measureLanguage(bench) {
  const ours = await bench.serveOurs();
  const common = { threads: String(bench.threads), tokens: String(NEW_TOKENS), repeat: String(bench.repeat), seconds: String(RUN_SECONDS) };
  /** @type {import('./run.mjs').Row[]} */
  const rows = [];
  for (const [who, pack] of [
    ['EmoLLM', 'emollm-s'],
    ['EmoLLM without drafts', 'no-drafts'],
  ]) {
    const measured = await bench.measure(`${who}, WASM`, async () => {
      const query = new URLSearchParams({ ...common, job: 'language', pack: pack ?? '' });
      const { value, memory } = await measurePage(bench.chromium, `${ours.url}bench/pages/ours.html?${query}`, PATIENCE_SECONDS);
      return [{ who: `${who}, WASM ${value.dtype}`, kind: 'ours', ...value, peakMB: memory?.tree }];
    });
    rows.push(...measured);
  }

  const [first] = rows;
  const prompt = first === undefined ? null : await peerPrompt(first.body, first.promptTokens);
  mkdirSync(WORK, { recursive: true });
  if (prompt !== null) writeFileSync(join(WORK, 'prompt.json'), JSON.stringify(prompt));
  /** @param {string | null} name @param {string} file @param {boolean} hasPrompt */
  const lackOf = (name, file, hasPrompt) => {
    if (name !== null && bench.isMissing(name)) return `${name} is not installed: npm ci --prefix bench`;
    if (!existsSync(join(WORK, file))) return `bench/work/${file} is not there: ${PREPARE}`;
    return hasPrompt ? null : 'our own prompt, which it is to be given, could not be had';
  };
  for (const { who, package: name, file, query } of PEERS) {
    const measured = await bench.measure(
      who,
      async () => {
        const url = `${bench.peers.url}pages/peer.html?${new URLSearchParams({ ...common, tokens: String(first?.tokens), ...query })}`;
        const { value, memory } = await measurePage(bench.chromium, url, PATIENCE_SECONDS);
        return [{ who, kind: 'peer', ...value, peakMB: memory?.tree }];
      },
      lackOf(name, file, prompt !== null),
    );
    rows.push(...measured);
  }

  for (const [who, pack] of [
    ['ceiling: EmoLLM in Node, native', 'emollm-s'],
    ['ceiling: EmoLLM in Node, native, without drafts', 'no-drafts'],
  ]) {
    const measured = await bench.measure(who ?? '', async () => {
      const peaks = watchMemory();
      const value = await runNative([
        join(DIST, 'models', pack ?? ''),
        String(bench.threads),
        String(NEW_TOKENS),
        String(bench.repeat),
      ]).finally(peaks);
      return [{ who: `${who}, ${value.dtype}`, kind: 'native', ...value, peakMB: peaks()?.tree }];
    });
    rows.push(...measured);
  }
  return { newTokens: NEW_TOKENS, rows };
}
