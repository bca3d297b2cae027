/** What `--pack` names: a folder of ours, a folder laid out like the hub's repositories, or the id of a pack that this version knows. */
import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import {
  type FoundationFiles,
  type FoundationManifest,
  isFoundationManifest,
  parseFoundationManifest,
} from '../model/foundation-manifest.ts';
import { hubLayoutManifest } from '../model/hub-layout.ts';
import type { PackManifest } from '../model/manifest.ts';
import { openPack, type PackSource } from '../model/pack.ts';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { defaultPackFolder, knownPackFolder, modelsFolder, packFolder } from './pack-folder.ts';

export interface ChosenPack {
  /** The pack of ours: the fast path's, and the language model's where no foundation pack takes its place. */
  source: PackSource;
  foundation: FoundationFiles | null;
}

/** Where `emollm fetch` keeps packs: EMOLLM_PACKS, else the user's cache folder. */
export function packsFolder(): string {
  const { EMOLLM_PACKS: own, XDG_CACHE_HOME: cache } = process.env;
  return own || join(cache || join(homedir(), '.cache'), 'emollm');
}

/** Errors: pack-missing, pack-corrupt, pack-unsupported, file-unreadable. */
export async function choosePack(pack: string | null): Promise<Result<ChosenPack>> {
  if (pack === null) return ok({ source: packFolder(defaultPackFolder()), foundation: null });
  if (isFolder(pack)) return packInFolder(pack);
  const known = await knownFoundation(pack);
  if (!known.ok) return known;
  if (known.value === null) return ok({ source: packFolder(knownPackFolder(pack) ?? pack), foundation: null });
  const folder = join(packsFolder(), pack);
  if (!isFetched(pack)) {
    return fail(wireError('pack-missing', `${known.value.title} is not on this machine.`, `Get it first: emollm fetch ${pack}`, folder));
  }
  return packInFolder(folder); // by the manifest that it was fetched with
}

/** The manifest of our pack that `--pack` names, or of the one behind a foundation pack: a wrong name is told before hours of work. */
export async function readPackManifest(pack: string | null): Promise<Result<PackManifest>> {
  const chosen = await choosePack(pack);
  if (!chosen.ok) return chosen;
  const opened = await openPack(chosen.value.source);
  return opened.ok ? ok(opened.value.manifest) : opened;
}

/** Null where the id is a pack of ours, or nobody's. */
export async function knownFoundation(id: string): Promise<Result<FoundationManifest | null>> {
  const folder = /^[a-z0-9-]+$/.test(id) ? knownPackFolder(id) : null;
  const manifest = folder === null ? null : await readJson(join(folder, 'manifest.json'));
  if (!isFoundationManifest(manifest)) return ok(null);
  return parseFoundationManifest(manifest);
}

/** A line for each pack that comes with this version: id, title, licence, and whether it is here. */
export async function describePacks(): Promise<string> {
  const index = (await readJson(join(modelsFolder(), 'index.json'))) as { packs?: string[] } | null;
  const lines: string[] = [];
  for (const id of index?.packs ?? []) {
    const manifest = (await readJson(join(modelsFolder(), id, 'manifest.json'))) as { title?: string; licence?: string } | null;
    if (manifest === null) continue;
    const isHere = !isFoundationManifest(manifest) || isFetched(id);
    lines.push(`${id}: ${manifest.title} (${manifest.licence})${isHere ? '' : `; get it with emollm fetch ${id}`}\n`);
  }
  return lines.join('');
}

/** The manifest comes last: a pack that has one is whole. */
const isFetched = (id: string): boolean => existsSync(join(packsFolder(), id, 'manifest.json'));

async function packInFolder(folder: string): Promise<Result<ChosenPack>> {
  const manifest = await readJson(join(folder, 'manifest.json'));
  if (isFoundationManifest(manifest)) {
    const parsed = parseFoundationManifest(manifest);
    return parsed.ok ? ok(withFoundation(parsed.value, folder)) : parsed;
  }
  if (manifest !== null || !isFolder(join(folder, 'onnx'))) return ok({ source: packFolder(folder), foundation: null });
  const onnx = (await readdir(join(folder, 'onnx'))).map((name) => `onnx/${name}`);
  const made = hubLayoutManifest(
    basename(resolve(folder)),
    [...(await readdir(folder)), ...onnx],
    await readJson(join(folder, 'config.json')),
  );
  return made.ok ? ok(withFoundation(made.value, folder)) : made;
}

function withFoundation(manifest: FoundationManifest, folder: string): ChosenPack {
  const files = packFolder(folder);
  return {
    source: packFolder(defaultPackFolder()),
    foundation: { manifest, read: (path) => files.read(path, () => {}) },
  };
}

/** Null where there is no such file, or it is no JSON. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return null;
  }
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();
