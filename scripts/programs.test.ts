/** What the two TypeScript programs may see, and that there is one onnxruntime-web. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './house.mjs';

const tsc = (...args: string[]): string => {
  try {
    return execFileSync(join(ROOT, 'node_modules/.bin/tsc'), args, { cwd: ROOT, encoding: 'utf8' });
  } catch (error) {
    return String((error as { stdout?: string }).stdout);
  }
};

const sources = (project: string): string[] =>
  tsc('-p', project, '--listFilesOnly')
    .split('\n')
    .map((file) => relative(ROOT, file.trim()).split(sep).join('/'))
    .filter((file) => file.startsWith('src/'));

test('the page’s program lists no engine and no model file', () => {
  const files = sources('tsconfig.page.json');
  expect(files).toContain('src/workers/api.ts');
  expect(files.filter((file) => /^src\/(engine|model|node)\//.test(file) || file === 'src/workers/worker.ts')).toEqual([]);
});

test('the worker’s program lists nothing of the page', () => {
  const files = sources('tsconfig.engine.json');
  expect(files).toContain('src/model/manifest.ts');
  expect(files.filter((file) => /^src\/(ui|media|export|node|workers\/client)\//.test(file) || file === 'src/workers/client.ts')).toEqual(
    [],
  );
});

describe('what a room does not have is a compile error', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'programs-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What tsc says to one line under a program's own options. */
  const compile = (project: string, code: string): string => {
    writeFileSync(join(folder, 'planted.ts'), code);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(ROOT, project),
        compilerOptions: { typeRoots: [join(ROOT, 'node_modules/@types')], types: [] },
        files: ['planted.ts'],
        include: [],
      }),
    );
    return tsc('-p', folder);
  };

  test('the DOM in the engine', () => {
    expect(compile('tsconfig.engine.json', 'export const page = document.title;\n')).toMatch(/TS2584|TS2304/);
    expect(compile('tsconfig.engine.json', 'export const scope = self.location.href;\n')).toBe('');
  });

  test('Node in the engine', () => {
    expect(compile('tsconfig.engine.json', 'export const where = process.cwd();\n')).toMatch(/TS2591|TS2580|TS2304/);
  });

  test('an index that may be out of range', () => {
    expect(compile('tsconfig.engine.json', 'export const first: number = [1, 2, 3][0];\n')).toMatch(/TS2322/);
  });
});

test('there is one onnxruntime-web and one onnxruntime-common, and transformers.js uses them', () => {
  const copies = (name: string): string[] => {
    const found: string[] = [];
    const visit = (modules: string): void => {
      if (!existsSync(modules)) return;
      for (const entry of readdirSync(modules)) {
        if (entry.startsWith('.')) continue;
        const path = join(modules, entry);
        if (entry.startsWith('@')) visit(path);
        else {
          if (entry === name) found.push(relative(ROOT, path));
          visit(join(path, 'node_modules'));
        }
      }
    };
    visit(join(ROOT, 'node_modules'));
    return found;
  };
  expect(copies('onnxruntime-web')).toEqual(['node_modules/onnxruntime-web']);
  expect(copies('onnxruntime-common')).toEqual(['node_modules/onnxruntime-common']);

  const from = createRequire(join(ROOT, 'node_modules/@huggingface/transformers/package.json'));
  expect(dirname(dirname(from.resolve('onnxruntime-web/wasm')))).toBe(join(ROOT, 'node_modules/onnxruntime-web'));
  const ours = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).dependencies['onnxruntime-web'];
  const theirs = JSON.parse(readFileSync(join(ROOT, 'node_modules/@huggingface/transformers/package.json'), 'utf8')).dependencies[
    'onnxruntime-web'
  ];
  expect(ours).toBe(theirs);
});
