/**
 * Writes docs/sbom.json, the bill of materials of what ships (CycloneDX 1.5): `npm run sbom`. The packages are those of package-lock.json
 * that `npm install --omit dev` would bring, the weights those of the packs, by their manifests' credits. Without times and random
 * numbers, so that the same sources give the same bytes. (`npm sbom --omit dev` leaves out what a development package needs, too:
 * here tslib, detect-libc and @serwist/utils.)
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain, ROOT } from './house.mjs';

export const BILL = join(ROOT, 'docs', 'sbom.json');

/**
 * @typedef {{ name?: string, version?: string, license?: string, integrity?: string, dev?: boolean, devOptional?: boolean, optional?: boolean }} LockEntry
 * @typedef {{ part: string, from: string, licence: string }} Credit
 * @typedef {{ id: string, title: string, licence: string, kind?: string, version?: string, hub?: { repo: string, revision: string }, credits: Credit[] }} Manifest
 */

/** @param {string} path in the lock file @param {LockEntry} entry */
export const packageName = (path, entry) => entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** @param {string} licence an SPDX identifier, an expression, or words */
function licences(licence) {
  if (licence === '') return [];
  if (/^[A-Za-z0-9.+-]+$/.test(licence)) return [{ license: { id: licence } }];
  return /\b(AND|OR)\b/.test(licence) && !/;/.test(licence) ? [{ expression: licence }] : [{ license: { name: licence } }];
}

/** @param {string} path @param {LockEntry} entry */
function packageComponent(path, entry) {
  const name = packageName(path, entry);
  const { version = '', integrity = '', license = '' } = entry;
  const [, algorithm = '', digest = ''] = /^sha(\d+)-(.+)$/.exec(integrity) ?? [];
  return {
    type: 'library',
    'bom-ref': `${name}@${version}`,
    name,
    version,
    scope: entry.optional ? 'optional' : 'required',
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    licenses: licences(license),
    hashes: digest === '' ? [] : [{ alg: `SHA-${algorithm}`, content: Buffer.from(digest, 'base64').toString('hex') }],
  };
}

/** @param {string} folder of a pack */
function packComponent(folder) {
  const text = readFileSync(join(folder, 'manifest.json'));
  const manifest = /** @type {Manifest} */ (JSON.parse(text.toString('utf8')));
  const { id, title, licence, hub, credits } = manifest;
  const version = hub?.revision ?? manifest.version ?? '';
  return {
    type: 'machine-learning-model',
    'bom-ref': `pack:${id}@${version}`,
    name: id,
    version,
    // Of a foundation pack only the manifest ships: the weights come from the hub, when the user asks for them.
    scope: hub ? 'optional' : 'required',
    description: title,
    licenses: licences(licence),
    hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(text).digest('hex') }],
    ...(hub ? { externalReferences: [{ type: 'distribution', url: `https://huggingface.co/${hub.repo}/tree/${hub.revision}` }] } : {}),
    components: credits.map((credit) => ({
      type: 'machine-learning-model',
      name: credit.part,
      description: credit.from,
      licenses: licences(credit.licence),
    })),
  };
}

/** @param {string} root the repository's folder @returns {string} JSON, ending in a newline */
export function billOfMaterials(root) {
  const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { packages } = /** @type {{ packages: Record<string, LockEntry> }} */ (
    JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  );
  const libraries = Object.entries(packages)
    .filter(([path, entry]) => path !== '' && !entry.dev && !entry.devOptional)
    .map(([path, entry]) => packageComponent(path, entry));
  const models = join(root, 'public', 'models');
  const packs = readdirSync(models)
    .filter((name) => !name.endsWith('-wip') && statSync(join(models, name)).isDirectory())
    .map((name) => packComponent(join(models, name)));
  const components = [...new Map([...libraries, ...packs].map((each) => [each['bom-ref'], each])).values()];
  components.sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: { type: 'application', 'bom-ref': `emollm@${version}`, name: 'emollm', version, licenses: licences(license) },
    },
    components,
  };
  return `${JSON.stringify(bill, null, 1)}\n`;
}

if (isMain(import.meta.url)) {
  writeFileSync(BILL, billOfMaterials(ROOT));
  console.log('docs/sbom.json written');
}
