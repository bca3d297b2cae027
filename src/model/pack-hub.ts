/** The Hugging Face hub, or a mirror with its layout: which files a repository has at a commit, and where they are. */
import * as v from 'valibot';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { PackFile } from './pack-download.ts';
import { type Attempt, askOnce, type DownloadWords, type FetchOptions, patiently } from './patient-fetch.ts';

export interface HubRepository {
  /** Absolute URL of the hub or of a mirror of it, ending in `/`. */
  hubUrl: string;
  /** `org/name`. */
  repo: string;
  /** A commit, 40 hex digits: what it names never changes. */
  revision: string;
}

/** The hub pages its lists by a thousand; a repository of more than this many is none of ours. */
const MAX_PAGES = 20;
const sha256 = v.pipe(
  v.string(),
  v.regex(/^(sha256:)?[0-9a-f]{64}$/),
  v.transform((oid) => oid.slice(-64)),
);
const sha1 = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/));
const bytes = v.pipe(v.number(), v.integer(), v.minValue(0));

const treeEntry = v.object({
  type: v.string(),
  path: v.string(),
  size: v.optional(bytes, 0),
  oid: v.optional(v.string(), ''),
  lfs: v.optional(v.object({ oid: sha256, size: bytes })),
});

export const hubWords: DownloadWords = {
  unreachable: (path, detail, url) =>
    wireError(
      'hub-unreachable',
      `The host ${new URL(url).host} does not answer.`,
      'Check the connection and the address of the hub, then go on; what came so far stays.',
      `${path}: ${detail}`,
    ),
  refused: (path, status, detail) => {
    if (status === 401 || status === 403) {
      return wireError(
        'hub-refused',
        `The host does not give ${path} without a sign-in.`,
        'Choose another pack, or take its files from a mirror or from disk.',
        detail,
      );
    }
    if (status === 429) {
      return wireError(
        'hub-refused',
        `The host wants a pause before it gives ${path}.`,
        'Wait a few minutes, then go on; what came so far stays.',
        detail,
      );
    }
    return wireError('hub-refused', `The host could not deliver ${path}.`, 'Try again later; what came so far stays.', detail);
  },
  missing: (path, detail) =>
    wireError('pack-missing', `The host has no ${path}.`, 'Check the address of the hub or mirror, or choose another pack.', detail),
  corrupt: (path, detail) =>
    wireError(
      'pack-corrupt',
      `${path} came damaged: it is not the one that the pack names.`,
      'Try again; if it happens again, something on the way or on the host has changed it.',
      detail,
    ),
};

/** No folders up, no absolute paths, nothing that a file system would read otherwise. */
export function isSafePath(path: string): boolean {
  const parts = path.split('/');
  return (
    path.length <= 500 &&
    !/[\\:]/.test(path) &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    !/[\u0000-\u001f]/.test(path) &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

/** Where a file of the repository is. */
export function hubFileUrl({ hubUrl, repo, revision }: HubRepository, path: string): string {
  return `${hubUrl}${encodePath(repo)}/resolve/${revision}/${encodePath(path)}`;
}

/** All files of the repository at its commit, each with the hash that the hub states. Errors: hub-unreachable, hub-refused, pack-missing, pack-corrupt. */
export async function listHubFiles(signal: AbortSignal, repository: HubRepository, options: FetchOptions): Promise<Result<PackFile[]>> {
  const { hubUrl, repo, revision } = repository;
  const files: PackFile[] = [];
  let url: string | null = `${hubUrl}api/models/${encodePath(repo)}/tree/${revision}?recursive=true`;
  for (let page = 0; url !== null; page += 1) {
    if (page === MAX_PAGES) return fail(unreadable(repo, 'too many pages'));
    const address: string = url;
    const asked: Result<{ json: unknown; next: string | null }> = await patiently(signal, options, () =>
      askPage(signal, options, address, repo),
    );
    if (!asked.ok) return asked;
    const parsed = v.safeParse(v.array(treeEntry), asked.value.json);
    if (!parsed.success) return fail(unreadable(repo, `${v.getDotPath(parsed.issues[0]) ?? 'list'}: ${parsed.issues[0].message}`));
    for (const entry of parsed.output) {
      if (entry.type !== 'file') continue;
      if (!isSafePath(entry.path)) return fail(unreadable(repo, `not a path: ${entry.path}`));
      if (entry.lfs) files.push({ path: entry.path, bytes: entry.lfs.size, hash: { kind: 'sha256', hex: entry.lfs.oid } });
      else if (v.is(sha1, entry.oid)) files.push({ path: entry.path, bytes: entry.size, hash: { kind: 'git-sha1', hex: entry.oid } });
      else return fail(unreadable(repo, `no hash: ${entry.path}`));
    }
    url = asked.value.next;
  }
  return ok(files);
}

async function askPage(
  signal: AbortSignal,
  options: FetchOptions,
  url: string,
  repo: string,
): Promise<Attempt<{ json: unknown; next: string | null }>> {
  const asked = await askOnce(signal, options, url, repo);
  if (asked.kind !== 'done') return asked;
  const { response, end } = asked.value;
  try {
    const text = await response.text();
    const next = nextPage(response.headers.get('link'), url);
    return { kind: 'done', value: { json: JSON.parse(text), next } };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: 'failed', error: unreadable(repo, String(error)) };
    return { kind: 'again', error: options.words.unreachable(repo, String(error), url), afterMs: null, progressed: false };
  } finally {
    end();
  }
}

/** The next page of the list, on the same host alone. */
function nextPage(link: string | null, from: string): string | null {
  const found = /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? '');
  if (!found?.[1]) return null;
  const url = new URL(found[1], from);
  return url.origin === new URL(from).origin ? url.href : null;
}

const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

const unreadable = (repo: string, detail: string) =>
  wireError(
    'pack-corrupt',
    `The host’s list of files of ${repo} cannot be read.`,
    'Check the address of the hub or mirror, or choose another pack.',
    detail,
  );
