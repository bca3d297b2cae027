/** What the figures were measured on and with. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { BENCH, ROOT } from './places.mjs';

const PEERS = ['@vladmandic/human', '@vladmandic/face-api', '@tensorflow/tfjs-backend-wasm', '@wllama/wllama'];
const OURS = ['@huggingface/transformers', 'onnxruntime-web', 'onnxruntime-node'];

/** @param {string} folder @param {string} name @returns {string | null} null where it is not installed */
function installedVersion(folder, name) {
  const file = join(folder, 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : null;
}

/** Which of the peers' packages are not installed. */
export const missingPeers = () => PEERS.filter((name) => installedVersion(BENCH, name) === null);

/** @param {string[]} args */
const git = (...args) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? '';

/** @param {string} chromium its version */
export function describeMachine(chromium) {
  const [cpu] = os.cpus();
  const changed = git('status', '--porcelain', '--', 'src', 'public', 'scripts', 'vite.config.ts').split('\n').filter(Boolean).length;
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release().split('-')[0]}, ${os.arch()}`,
    chromium,
    node: process.versions.node,
    commit: git('rev-parse', '--short', 'HEAD'),
    /** Of the engine and the page, against the commit. */
    changedFiles: changed,
    versions: Object.fromEntries([
      ...PEERS.map((name) => [name, installedVersion(BENCH, name)]),
      ...OURS.map((name) => [name, installedVersion(ROOT, name)]),
    ]),
  };
}
