/**
 * What the repository stands on: `node scripts/check-dependencies.mjs`. Every version is exact, every package has a licence that is
 * allowed here and a hash in the lock file, and the bill of materials is the one of these packages and packs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain, ROOT } from './house.mjs';
import { BILL, billOfMaterials, packageName } from './sbom.mjs';

/** SPDX. They let the page be given away, used and changed by anybody; MPL asks for the sources of its own files alone. */
const ALLOWED = new Set(['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'MPL-2.0']);

/** What is allowed by name only, and why. @type {{ packages: RegExp, licence: string, why: string }[]} */
const EXCEPTIONS = [
  {
    packages: /^@img\/sharp-/,
    licence: 'LGPL-3.0-or-later',
    why: 'libvips, a shared library that the command line loads and the page does not have',
  },
];

/** Builds of development tools for other machines are not installed, and the lock file knows neither their licence nor their hash: theirs is that of the package that they belong to. */
const BUILDS = [
  { builds: /^@biomejs\/cli-/, of: '@biomejs/biome' },
  { builds: /^@oxc-parser\/binding-/, of: 'oxc-parser' },
];

/**
 * Whether an SPDX expression allows what is wanted: one of what OR joins, all of what AND joins. AND binds more, brackets most.
 * @param {string} expression
 * @param {(licence: string) => boolean} allows
 * @returns {boolean}
 */
export function allowed(expression, allows) {
  const [YES, NO] = ['+', '-']; // in place of what stood in brackets; no licence is called so
  const holds = (/** @type {string} */ flat) =>
    flat.split(/\s+OR\s+/).some((all) => all.split(/\s+AND\s+/).every((each) => each.trim() === YES || allows(each.trim())));
  const opened = expression.replace(/\(([^()]*)\)/, (_, inner) => (holds(inner) ? YES : NO));
  return opened === expression ? holds(expression) : allowed(opened, allows);
}

/**
 * @param {Record<string, import('./sbom.mjs').LockEntry>} packages of a lock file
 * @returns {string[]} faults
 */
export function checkLicences(packages) {
  const named = Object.entries(packages).filter(([path]) => path !== '');
  const licenceOf = new Map(named.map(([path, entry]) => [packageName(path, entry), entry.license]));
  return named.flatMap(([path, entry]) => {
    const name = packageName(path, entry);
    const licence = entry.license ?? licenceOf.get(BUILDS.find(({ builds }) => builds.test(name))?.of ?? '');
    if (licence === undefined) return [`${name} states no licence`];
    const exceptions = EXCEPTIONS.filter(({ packages: them }) => them.test(name)).map((each) => each.licence);
    return allowed(licence, (each) => ALLOWED.has(each) || exceptions.includes(each)) ? [] : [`${name} has the licence ${licence}`];
  });
}

/** @param {{ dependencies?: Record<string, string>, devDependencies?: Record<string, string> }} manifest a package.json */
export function checkPins({ dependencies = {}, devDependencies = {} }) {
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version))
    .map(([name, version]) => `${name} is not pinned: ${version}`);
}

/** @param {Record<string, import('./sbom.mjs').LockEntry>} packages */
export function checkHashes(packages) {
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && entry.integrity === undefined)
    .filter(([path, entry]) => !(entry.dev && BUILDS.some(({ builds }) => builds.test(packageName(path, entry)))))
    .map(([path]) => `${path} has no hash in the lock file`);
}

/** @param {string} root @returns {string[]} faults */
export function checkDependencies(root) {
  const read = (/** @type {string} */ name) => JSON.parse(readFileSync(join(root, name), 'utf8'));
  const { packages } = read('package-lock.json');
  const bill = existsSync(BILL) ? readFileSync(BILL, 'utf8') : '';
  return [
    ...checkPins(read('package.json')),
    ...checkPins(read('bench/package.json')),
    ...checkHashes(packages),
    ...checkLicences(packages),
    ...(bill === billOfMaterials(root) ? [] : ['docs/sbom.json is not the bill of these packages and packs: npm run sbom']),
  ];
}

if (isMain(import.meta.url)) {
  const faults = checkDependencies(ROOT);
  for (const fault of faults) console.error(fault);
  if (faults.length === 0) console.log('Versions, hashes, licences and the bill of materials are as they should be.');
  process.exitCode = faults.length === 0 ? 0 : 1;
}
