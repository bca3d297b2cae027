/**
 * What the scripts share: where the repository is, what is installed, whether a build is older than its sources.
 * Node's own modules only: it runs before anything is installed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** A path for `runCommand`, which runs in ROOT: ROOT's own may have spaces, which a shell on Windows splits. @param {string} path */
export const fromRoot = (path) => relative(ROOT, path).replaceAll('\\', '/');

/** A path as whoever called npm means it: npm runs scripts in the package's folder. @param {string} path */
export const fromCaller = (path) => resolve(process.env.INIT_CWD ?? process.cwd(), path);

/** With the development tools also under NODE_ENV=production: the build is made with them. */
export const INSTALL = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];

const MIN_NODE = [20, 19];
const INSTALL_STAMP = join(ROOT, 'node_modules', '.cache', 'installed.sha256');

/**
 * Whether this module was started by `node …`, rather than imported.
 * @param {string} url the module's import.meta.url
 */
export function isMain(url) {
  const started = process.argv[1];
  return started !== undefined && existsSync(started) && realpathSync(started) === fileURLToPath(url);
}

/** Ends the process in plain words where Node is too old. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [needMajor = 0, needMinor = 0] = MIN_NODE;
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    console.error(`EmoLLM needs Node ${MIN_NODE.join('.')} or newer; this is ${process.versions.node}. Get it from nodejs.org.`);
    process.exit(1);
  }
}

/**
 * Runs a command in the repository's folder and waits.
 * @param {string} command a program, or a name in node_modules/.bin
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, toStderr?: boolean }} [options] toStderr: leave standard output to the caller
 * @returns {Promise<number>} its exit code; 1 where it could not be started or was killed
 */
export function runCommand(command, args, { env = {}, toStderr = false } = {}) {
  const bin = join(ROOT, 'node_modules', '.bin');
  const separator = process.platform === 'win32' ? ';' : ':';
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, PATH: `${bin}${separator}${process.env.PATH ?? ''}`, ...env },
      stdio: ['ignore', toStderr ? 2 : 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    });
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`);
      done(1);
    });
    child.on('close', (code) => done(code ?? 1));
  });
}

/** Installs the packages where they are missing or the lock file has changed since. Returns whether all is there. */
export async function installMissing() {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  const stamp = existsSync(INSTALL_STAMP) ? readFileSync(INSTALL_STAMP, 'utf8').trim() : null;
  if (stamp === lock) return true;
  if (stamp === null && sameAsLock()) return writeStamp(lock);
  console.error('Installing packages …');
  // onnxruntime-node's own script would only fetch GPU libraries, from elsewhere.
  const code = await runCommand('npm', INSTALL, {
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip' },
    toStderr: true,
  });
  if (code !== 0) return false;
  return writeStamp(lock);
}

/** @param {string} lock */
function writeStamp(lock) {
  mkdirSync(dirname(INSTALL_STAMP), { recursive: true });
  writeFileSync(INSTALL_STAMP, `${lock}\n`);
  return true;
}

/** Whether somebody has run npm themselves: then its own record names every required package at the lock's version. */
function sameAsLock() {
  const record = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const there = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => path === '' || entry.optional || there[path]?.version === entry.version);
}

/**
 * The newest modification among files and folders; a folder's own time counts, so that a deleted file is noticed.
 * @param {string[]} paths relative to the repository
 * @returns {number} milliseconds; 0 where none exists
 */
export function newest(paths) {
  let latest = 0;
  const visit = (/** @type {string} */ path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return;
    latest = Math.max(latest, found.mtimeMs);
    if (found.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  for (const path of paths) visit(join(ROOT, path));
  return latest;
}

const PAGES = ['index.html', 'self-test.html', 'evaluate.html'];
const PAGE_SOURCES = [
  'src',
  'public',
  ...PAGES,
  'vite.config.ts',
  'scripts/policies.mjs',
  'scripts/serve.mjs',
  'scripts/shell.mjs',
  'tsconfig.base.json',
  'package-lock.json',
];
const NODE_SOURCES = ['src/shared', 'src/model', 'src/engine', 'src/export', 'src/node', 'vite.node.config.ts', 'package-lock.json'];

/** Written last, so that a build that broke off does not look finished. */
export const PAGE_STAMP = 'dist/.built';
export const NODE_STAMP = 'dist-node/.built';

/** Whether the page must be built again. */
export const pageIsStale = () => newest([PAGE_STAMP]) < newest(PAGE_SOURCES);
/** Whether the command line must be built again. */
export const nodeIsStale = () => newest([NODE_STAMP]) < newest(NODE_SOURCES);
