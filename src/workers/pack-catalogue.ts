/** Which packs the page's own server lists, each with its manifest. Asked once; a list that could not be had is asked for again. */
import { type FoundationManifest, isFoundationManifest, parseFoundationManifest } from '../model/foundation-manifest.ts';
import { type PackManifest, parseManifest } from '../model/manifest.ts';
import { parsePackJson } from '../model/pack.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { isWebPage } from '../shared/web-page.ts';
import { siteWords } from './pack-fetch.ts';

/** A manifest that was understood, with its text as it came. */
export type KnownPack = { text: string } & ({ kind: 'own'; manifest: PackManifest } | { kind: 'foundation'; manifest: FoundationManifest });

/** Nobody's manifest is larger, in bytes; ours has some 40,000. */
export const MAX_MANIFEST_BYTES = 4_000_000;

/** Errors: pack-corrupt, pack-unsupported. */
export function readManifest(bytes: Uint8Array): Result<KnownPack> {
  const json = parsePackJson(bytes);
  if (!json.ok) return json;
  const text = new TextDecoder().decode(bytes);
  if (isFoundationManifest(json.value)) {
    const parsed = parseFoundationManifest(json.value);
    return parsed.ok ? ok({ kind: 'foundation', text, manifest: parsed.value }) : parsed;
  }
  const parsed = parseManifest(json.value);
  return parsed.ok ? ok({ kind: 'own', text, manifest: parsed.value }) : parsed;
}

export class PackCatalogue {
  readonly #modelsUrl: string;
  #packs: Promise<Map<string, Result<KnownPack>>> | null = null;

  /** @param modelsUrl of the folder with `index.json`, absolute, ending in `/` */
  constructor(modelsUrl: string) {
    this.#modelsUrl = modelsUrl;
  }

  /** By id, in the server's order; a pack whose manifest cannot be had or is refused stands there with the reason. Empty where there is no list. */
  async packs(): Promise<ReadonlyMap<string, Result<KnownPack>>> {
    const asked = this.#packs ?? this.#ask();
    this.#packs = asked;
    const packs = await asked;
    // A page that was offline may not be so for ever.
    if (packs.size === 0 || [...packs.values()].some((pack) => !pack.ok)) this.#packs = null;
    return packs;
  }

  /** Where a pack of the server's lies. */
  urlOf(id: string): string {
    return `${this.#modelsUrl}${id}/`;
  }

  async #ask(): Promise<Map<string, Result<KnownPack>>> {
    const index = await this.#fetch('index.json');
    const ids = index.ok ? idsOf(index.value) : [];
    return new Map(
      await Promise.all(
        ids.map(async (id): Promise<[string, Result<KnownPack>]> => {
          const manifest = await this.#fetch(`${id}/manifest.json`);
          return [id, manifest.ok ? readManifest(manifest.value) : manifest];
        }),
      ),
    );
  }

  async #fetch(path: string): Promise<Result<Uint8Array>> {
    try {
      const response = await fetch(`${this.#modelsUrl}${path}`, { credentials: 'same-origin', cache: 'no-cache' });
      if (response.ok && !isWebPage(response)) return ok(new Uint8Array(await response.arrayBuffer()));
      await response.body?.cancel();
      return fail(siteWords.missing(path, `HTTP ${response.status}`));
    } catch (error) {
      return fail(siteWords.missing(path, String(error)));
    }
  }
}

function idsOf(bytes: Uint8Array): string[] {
  const json = parsePackJson(bytes);
  const packs = json.ok && typeof json.value === 'object' && json.value !== null && 'packs' in json.value ? json.value.packs : [];
  return Array.isArray(packs) ? packs.filter((id): id is string => typeof id === 'string' && /^[a-z0-9-]+$/.test(id)) : [];
}
