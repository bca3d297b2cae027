/**
 * Checks every committed pack: `node scripts/check-packs.mjs [folder]`. Each file that a manifest lists is there with
 * the bytes and the sha256 that it states, no file is too large for its host, and nothing lies in a pack unlisted. A foundation
 * pack is a manifest alone, which pins a commit and has a free licence. index.json names every pack that is for users.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isMain, ROOT } from './house.mjs';

const MAX_FILE_BYTES = 48_000_000;
/** The whole of a pack, by id. */
const MAX_PACK_BYTES = new Map([['emollm-s', 130_000_000]]);
/** Made by hand or by the training, not read by the engine. The card names the manifest's hash, so the manifest cannot name the card's. */
const UNLISTED = new Set(['manifest.json', 'card.json', 'README.md', 'LICENSE', 'NOTICE']);

/** Licences that ask no more than to be named, and forbid no use. */
const FREE_LICENCES = new Set(['Apache-2.0', 'MIT', 'BSD-3-Clause']);
/** Packs for tests: no user is offered one. */
const FOR_TESTS = new Set(['tiny']);

/** What begins with a dot, as .DS_Store, is the system's own. @param {string} folder */
const namesIn = (folder) => readdirSync(folder).filter((name) => !name.startsWith('.'));

/** @param {string} path */
async function sha256(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * @param {string} folder of one pack
 * @returns {Promise<{ id: string, bytes: number, files: number, faults: string[] }>}
 */
export async function checkPack(folder) {
  const faults = /** @type {string[]} */ ([]);
  /** @type {{ id?: unknown, files?: unknown }} */
  let manifest;
  try {
    manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  } catch (error) {
    return { id: folder, bytes: 0, files: 0, faults: [`manifest.json cannot be read: ${error instanceof Error ? error.message : error}`] };
  }
  const id = typeof manifest.id === 'string' ? manifest.id : folder;
  if ('kind' in manifest && manifest.kind === 'foundation') return { id, bytes: 0, files: 0, faults: foundationFaults(folder, manifest) };
  if (!Array.isArray(manifest.files) || manifest.files.length === 0)
    return { id, bytes: 0, files: 0, faults: ['manifest.json lists no files'] };

  let bytes = statSync(join(folder, 'manifest.json')).size;
  const listed = new Set(UNLISTED);
  for (const entry of manifest.files) {
    listed.add(entry.path);
    const path = join(folder, entry.path);
    if (!existsSync(path)) {
      faults.push(`${entry.path} is missing`);
      continue;
    }
    const size = statSync(path).size;
    bytes += size;
    if (size > MAX_FILE_BYTES) faults.push(`${entry.path} has ${size} bytes, more than ${MAX_FILE_BYTES}`);
    if (size !== entry.bytes) faults.push(`${entry.path} has ${size} bytes, the manifest says ${entry.bytes}`);
    else if ((await sha256(path)) !== entry.sha256) faults.push(`${entry.path} has another sha256 than the manifest says`);
  }
  for (const name of namesIn(folder)) if (!listed.has(name)) faults.push(`${name} is not in the manifest`);
  const limit = MAX_PACK_BYTES.get(id) ?? Number.POSITIVE_INFINITY;
  if (bytes > limit) faults.push(`the pack has ${bytes} bytes, more than ${limit}`);
  return { id, bytes, files: manifest.files.length, faults };
}

/**
 * @param {string} folder of one foundation pack
 * @param {{ id?: unknown, licence?: unknown, hub?: unknown }} manifest
 * @returns {string[]}
 */
function foundationFaults(folder, { id, licence, hub }) {
  const faults = [];
  const { revision = '' } = /** @type {{ revision?: string }} */ (hub ?? {});
  if (id !== basename(folder)) faults.push(`its id is ${id}, its folder ${basename(folder)}`);
  if (!/^[0-9a-f]{40}$/.test(revision) || /^0+$/.test(revision)) faults.push('it is not pinned to a commit');
  if (typeof licence !== 'string' || !FREE_LICENCES.has(licence)) faults.push(`its licence, ${licence}, is not known as a free one`);
  for (const name of namesIn(folder)) if (!UNLISTED.has(name)) faults.push(`${name} lies beside a foundation pack's manifest`);
  return faults;
}

/**
 * @param {string} folder that holds the packs
 * @param {string[]} names of its packs
 * @returns {string[]} faults of index.json
 */
function indexFaults(folder, names) {
  /** @type {string[]} */
  let listed;
  try {
    listed = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).packs;
  } catch (error) {
    return [`index.json cannot be read: ${error instanceof Error ? error.message : error}`];
  }
  const offered = names.filter((name) => !FOR_TESTS.has(name));
  return [
    ...offered.filter((name) => !listed.includes(name)).map((name) => `index.json does not name ${name}`),
    ...listed.filter((name) => !names.includes(name)).map((name) => `index.json names ${name}, which is not there`),
  ];
}

/**
 * @param {string} folder that holds the packs; folders ending in `-wip` are work in progress and left alone
 * @returns {Promise<string[]>} faults over all packs
 */
export async function checkPacks(folder) {
  const names = existsSync(folder)
    ? namesIn(folder).filter((name) => !name.endsWith('-wip') && statSync(join(folder, name)).isDirectory())
    : [];
  if (names.length === 0) return ['there is no pack'];
  const faults = indexFaults(folder, names);
  for (const name of names) {
    const pack = await checkPack(join(folder, name));
    console.log(
      `${pack.id}: ${pack.files} files, ${(pack.bytes / 1e6).toFixed(1)} MB, ${pack.faults.length === 0 ? 'as listed' : 'FAULTY'}`,
    );
    faults.push(...pack.faults.map((fault) => `${name}: ${fault}`));
  }
  return faults;
}

if (isMain(import.meta.url)) {
  const faults = await checkPacks(process.argv[2] ?? join(ROOT, 'public', 'models'));
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
