/**
 * A linter that has gone blind is green. Here each class of fault is planted in a folder of its own, under the
 * repository's own configuration, and the linter must name exactly the planted files.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from './house.mjs';

/** What no file of that room may import: a door that lets one thing through must not stand open. */
const forbidden = (file: string) => (file.startsWith('src/ui/') ? '../model/leaf.ts' : '../ui/leaf.ts');
const importing = (file: string, from: string) =>
  `import { x } from '${from}';\nimport { x as z } from '${forbidden(file)}';\n\nexport const y = [x, z];\n`;

const LAYERS: { file: string; from: string; allowed: boolean }[] = [
  { file: 'src/shared/a1.ts', from: './leaf.ts', allowed: true },
  { file: 'src/shared/a2.ts', from: '../model/leaf.ts', allowed: false },
  { file: 'src/shared/a3.ts', from: 'valibot', allowed: false },
  { file: 'src/model/b1.ts', from: '../shared/leaf.ts', allowed: true },
  { file: 'src/model/b2.ts', from: '../engine/leaf.ts', allowed: false },
  { file: 'src/model/b3.ts', from: 'onnxruntime-common', allowed: false },
  { file: 'src/model/b4.ts', from: 'node:fs', allowed: false },
  { file: 'src/model/graph.ts', from: 'onnxruntime-common', allowed: true },
  { file: 'src/engine/c1.ts', from: '../model/leaf.ts', allowed: true },
  { file: 'src/engine/c2.ts', from: '../workers/api.ts', allowed: false },
  { file: 'src/engine/c3.ts', from: 'onnxruntime-common', allowed: false },
  { file: 'src/engine/c4.ts', from: 'react', allowed: false },
  { file: 'src/media/d1.ts', from: '../shared/leaf.ts', allowed: true },
  { file: 'src/media/d2.ts', from: '../engine/leaf.ts', allowed: false },
  { file: 'src/media/d3.ts', from: 'mediabunny', allowed: false },
  { file: 'src/media/remux.ts', from: 'mediabunny', allowed: true },
  { file: 'src/overlay/o1.ts', from: '../shared/leaf.ts', allowed: true },
  { file: 'src/overlay/o2.ts', from: '../media/leaf.ts', allowed: false },
  { file: 'src/export/e1.ts', from: '../shared/leaf.ts', allowed: true },
  { file: 'src/export/e2.ts', from: '../ui/leaf.ts', allowed: false },
  { file: 'src/workers/worker.ts', from: '../engine/leaf.ts', allowed: true },
  { file: 'src/workers/f1.ts', from: '../overlay/leaf.ts', allowed: true },
  { file: 'src/workers/f2.ts', from: './client.ts', allowed: false },
  { file: 'src/workers/f3.ts', from: '../ui/leaf.ts', allowed: false },
  { file: 'src/workers/f5.ts', from: './client/i1.ts', allowed: false },
  { file: 'src/workers/client.ts', from: '../engine/leaf.ts', allowed: false },
  { file: 'src/workers/client/i1.ts', from: '../../shared/leaf.ts', allowed: true },
  { file: 'src/workers/client/i2.ts', from: './i1.ts', allowed: true },
  { file: 'src/workers/client/i3.ts', from: '../../engine/leaf.ts', allowed: false },
  { file: 'src/workers/client/i4.ts', from: '../worker.ts', allowed: false },
  { file: 'src/workers/pulse.ts', from: '../engine/leaf.ts', allowed: false },
  { file: 'src/workers/watchdog.ts', from: '../engine/leaf.ts', allowed: false },
  { file: 'src/workers/shell.ts', from: 'serwist', allowed: true },
  { file: 'src/workers/f4.ts', from: 'serwist', allowed: false },
  { file: 'src/ui/g1.ts', from: '../workers/api.ts', allowed: true },
  { file: 'src/ui/g2.ts', from: '../model/leaf.ts', allowed: false },
  { file: 'src/ui/parts/g3.ts', from: '../../engine/leaf.ts', allowed: false },
  { file: 'src/ui/g4.ts', from: '../workers/worker.ts', allowed: false },
  { file: 'src/ui/g5.ts', from: 'onnxruntime-web/webgpu', allowed: false },
  { file: 'src/node/h1.ts', from: '../engine/leaf.ts', allowed: true },
  { file: 'src/node/h2.ts', from: '../ui/leaf.ts', allowed: false },
  { file: 'src/node/h3.ts', from: '../media/leaf.ts', allowed: false },
];

const FAULTS: { rule: string; file: string; code: string }[] = [
  { rule: 'noExplicitAny', file: 'src/engine/any.ts', code: 'export const loose = (value: any) => value;\n' },
  { rule: 'noTsIgnore', file: 'src/engine/ignore.ts', code: "// @ts-ignore\nexport const wrong: number = 'text';\n" },
  {
    rule: 'noFloatingPromises',
    file: 'src/engine/floating.ts',
    code: 'async function work(): Promise<number> {\n  return 1;\n}\n\nexport function start(): void {\n  work();\n}\n',
  },
  { rule: 'noImportCycles', file: 'src/engine/cycle-a.ts', code: "import { b } from './cycle-b.ts';\n\nexport const a = () => b;\n" },
  { rule: 'noImportCycles', file: 'src/engine/cycle-b.ts', code: "import { a } from './cycle-a.ts';\n\nexport const b = () => a;\n" },
  { rule: 'noEnum', file: 'src/engine/enum.ts', code: 'export enum Colour {\n  Red = 1,\n}\n' },
  { rule: 'noUnusedVariables', file: 'src/engine/unused.ts', code: 'const forgotten = 1;\n' },
  { rule: 'format', file: 'src/engine/format.ts', code: 'export const   spaced = "double"\n' },
];

interface Diagnostic {
  category: string;
  location: { path: string | { file: string }; start?: { line: number } };
}

let folder = '';
let found: { file: string; line: number; rule: string }[] = [];
const isFound = (file: string, rule: string, line?: number): boolean =>
  found.some((each) => each.file === file && each.rule === rule && (line === undefined || each.line === line));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'planted-'));
  const config = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8'));
  write('biome.json', `${JSON.stringify({ ...config, $schema: undefined, vcs: { enabled: false } }, null, 2)}\n`);
  for (const room of ['shared', 'model', 'engine', 'media', 'overlay', 'export', 'ui', 'node'])
    write(`src/${room}/leaf.ts`, 'export const x = 1;\n');
  write('src/workers/api.ts', 'export const x = 1;\n');
  for (const { file, from } of LAYERS) write(file, importing(file, from));
  for (const { file, code } of FAULTS) write(file, code);
  let output: string;
  try {
    // Straight to the program: npm's wrapper would start a second Node.
    output = execFileSync(
      join(ROOT, 'node_modules/.bin/biome'),
      ['ci', '--colors=off', '--reporter=json', '--max-diagnostics=none', 'src'],
      {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
  } catch (error) {
    output = String((error as { stdout?: string }).stdout);
  }
  const report = JSON.parse(output) as { diagnostics: Diagnostic[] };
  found = report.diagnostics.map(({ category, location }) => {
    const file = typeof location.path === 'string' ? location.path : location.path.file;
    return { file, line: location.start?.line ?? 0, rule: category.split('/').at(-1) ?? '' };
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(LAYERS)('$file importing $from: allowed $allowed', ({ file, allowed }) => {
  expect(isFound(file, 'noRestrictedImports', 1)).toBe(!allowed);
  expect(isFound(file, 'noRestrictedImports', 2), forbidden(file)).toBe(true);
});

test.each(FAULTS)('$rule is seen in $file', ({ rule, file }) => {
  expect(isFound(file, rule)).toBe(true);
});
