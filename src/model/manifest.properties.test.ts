import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { holds, tampered } from '../../scripts/property.ts';
import { parseManifest } from './manifest.ts';

const manifests = ['tiny', 'emollm-s'].map((id): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../public/models/${id}/manifest.json`), 'utf8')),
);

/** Takes it or says why not; and what it takes, it takes again as it printed it. */
function check(input: unknown): void {
  const parsed = parseManifest(input);
  if (!parsed.ok) {
    expect(parsed.error.message).not.toBe('');
    return;
  }
  expect(parseManifest(JSON.parse(JSON.stringify(parsed.value)))).toEqual(parsed);
  // Nothing in it is beyond all bounds: what is made by these numbers fits a machine.
  const { languageModel, projection, files } = parsed.value;
  expect(languageModel.layers * languageModel.kvHeads * languageModel.headDim * languageModel.hidden).toBeLessThan(Number.MAX_SAFE_INTEGER);
  expect(projection.maxFaces).toBeLessThanOrEqual(64);
  for (const { path } of files) expect(path).toMatch(/^[\w][\w.-]*$/);
}

/** One part of a real manifest, by its path, is another, or is added to a list: numbers and names that chance would hardly find. */
function changed(path: string, value: unknown): [unknown] {
  const copy: unknown = structuredClone(manifests[0]);
  const names = path.split('.');
  const last = names.pop() ?? '';
  const holder = names.reduce<Record<string, unknown>>(
    (part, name) => part[name] as Record<string, unknown>,
    copy as Record<string, unknown>,
  );
  if (Array.isArray(holder)) holder.push(value);
  else holder[last] = value;
  return [copy];
}

const FAR = [
  changed('projection.maxFaces', 2 ** 31),
  changed('languageModel.headDim', 2 ** 50),
  changed('files.-', { path: '../../etc/passwd', bytes: 1, sha256: '0'.repeat(64) }),
];

describe('parseManifest', () => {
  holds('never throws', [fc.jsonValue()], check);
  holds('never throws for a manifest that was tampered with', [fc.oneof(...manifests.map(tampered))], check, { runs: 25, cases: FAR });
});
