import { expect, test } from 'vitest';
import type { Fault } from '../shared/faults.ts';
import type { BackendChoice } from '../shared/labels.ts';
import type { LoadOptions } from '../workers/api.ts';
import type { Analyzer } from './analyzer.ts';
import { OWN_PACK } from './pack-choice.ts';
import { PageAnalyzer } from './page-analyzer.ts';
import type { Interruption } from './recovery.ts';

const smol = { foundation: 'smol', storedPack: 'mine' };

function setUp({ asked = null as BackendChoice | null, packs = OWN_PACK } = {}) {
  /** What happened, in its order. */
  const log: (string | Interruption)[] = [];
  const loads: LoadOptions[] = [];
  let lose: (fault: Fault) => LoadOptions | null = () => null;
  const analyzer = new PageAnalyzer({
    start: (_hear, recover) => {
      lose = (fault) => recover?.(fault) ?? null;
      return {
        load: async (options: LoadOptions) => {
          log.push('load');
          loads.push(options);
        },
        dispose: () => log.push('dispose'),
      } as Partial<Analyzer> as Analyzer;
    },
    address: { pack: 'tiny', packNamed: true, foundation: null, backend: asked, graphBackends: {} },
    backend: 'auto',
    packs,
    baseUrl: 'http://localhost/',
    hear: () => {},
    onLost: (interruption) => log.push(interruption),
    onRestart: () => log.push('restart'),
  });
  return { analyzer, log, loads, lose: (fault: Fault) => lose(fault) };
}

test('it is loaded at once, beside the page; the address’ backend wins', () => {
  expect(setUp().loads).toMatchObject([{ packUrl: 'http://localhost/models/tiny/', wasmUrl: 'http://localhost/ort/', backend: 'auto' }]);
  expect(setUp({ asked: 'wasm' }).loads).toMatchObject([{ backend: 'wasm' }]);
});

test('other packs are loaded anew and stay chosen; a pack beside the page’s is loaded without them', () => {
  const { analyzer, log, loads } = setUp();
  const first = analyzer.current;
  analyzer.restart('auto', smol);
  analyzer.restart('wasm', analyzer.packs);
  expect(analyzer.current).not.toBe(first);
  expect(log).toEqual(['load', 'dispose', 'restart', 'load', 'dispose', 'restart', 'load']);
  expect(loads.map(({ foundation, storedPack, backend }) => [foundation, storedPack, backend])).toEqual([
    [null, null, 'auto'],
    ['smol', 'mine', 'auto'],
    ['smol', 'mine', 'wasm'],
  ]);
  expect(analyzer.loadOptions('other')).toMatchObject({ packUrl: 'http://localhost/models/other/', foundation: null, storedPack: null });
});

test('a lost worker is told of, and the next one is loaded on less; what the user loads anew himself, as he asks for it', () => {
  const { analyzer, log, lose } = setUp({ packs: smol });
  const full: Fault = { kind: 'out-of-memory', detail: '' };
  expect(lose(full)).toMatchObject({ packUrl: 'http://localhost/models/tiny/', foundation: null, storedPack: 'mine' });
  expect(log.at(-1)).toEqual({ fault: 'out-of-memory', change: { kind: 'without-foundation' } });
  expect(lose(full)).toMatchObject({ without: ['language-model'] });
  const told = log.length;
  expect(lose(full)).toBeNull();
  expect(log).toHaveLength(told);
  analyzer.restart('webgpu', analyzer.packs);
  expect(analyzer.loadOptions('tiny', analyzer.packs)).toMatchObject({ backend: 'webgpu', foundation: 'smol' });
  expect(analyzer.loadOptions('tiny').without).toBeUndefined();
});
