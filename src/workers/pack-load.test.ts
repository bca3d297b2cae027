import { describe, expect, it } from 'vitest';
import type { Engine } from '../engine/engine.ts';
import type { PackSource } from '../model/pack.ts';
import { wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ReadyPart } from '../shared/events.ts';
import { fail } from '../shared/result.ts';
import type { SitePack } from './pack-fetch.ts';
import { loadGoodPack } from './pack-load.ts';

const sourceOf = (name: string): PackSource => ({ read: async () => fail(wireError('internal', name, '')) });

/** What became of a pack. */
function packOf(name: string, lastGood: SitePack | null = null) {
  const written = async () => {};
  const pack = {
    source: sourceOf(name),
    notes: [] as string[],
    kept: false,
    written,
    keep: async () => {},
    lastGood: async () => lastGood,
  };
  pack.keep = async () => {
    pack.kept = true;
  };
  return pack;
}

const failed = (part: ReadyPart, code: 'pack-unsupported' | 'out-of-memory'): AnalysisEvent => ({
  type: 'load-failed',
  part,
  error: wireError(code, 'The pack’s face-encoder graph has other names than its manifest says.', ''),
});

/** Loads by a list of events a source; tells which engines were thrown away. */
async function load(pack: SitePack, eventsOf: Map<PackSource, AnalysisEvent[]>) {
  const disposed: PackSource[] = [];
  const notes: (readonly string[])[] = [];
  const make = (source: PackSource, told: readonly string[]): Engine => {
    notes.push(told);
    return {
      async *load() {
        yield* eventsOf.get(source) ?? [];
      },
      dispose: async () => void disposed.push(source),
    } as unknown as Engine;
  };
  const events: AnalysisEvent[] = [];
  for await (const event of loadGoodPack(new AbortController().signal, pack, ['one thread'], make)) events.push(event);
  return { events, disposed, notes: notes.at(-1) };
}

const READY = { type: 'ready', part: 'faces' } as AnalysisEvent;

describe('loadGoodPack', () => {
  it('keeps a pack that was loaded whole', async () => {
    const pack = packOf('new');
    expect(await load(pack, new Map([[pack.source, [READY]]]))).toEqual({ events: [READY], disposed: [], notes: ['one thread'] });
    expect(pack.kept).toBe(true);
  });

  it('loads the last good one in the place of one with the wrong dims, and says why', async () => {
    const good = packOf('good');
    const pack = packOf('new', good);
    const events = new Map([
      [pack.source, [READY, failed('reader', 'pack-unsupported')]],
      [good.source, [READY, READY]],
    ]);
    expect(await load(pack, events)).toEqual({
      events: [READY, READY, READY],
      disposed: [pack.source],
      notes: ['one thread', expect.stringMatching(/refused: .* other names .* The last good one goes on/)],
    });
    expect([pack.kept, good.kept]).toEqual([false, true]);
  });

  it('does not blame the pack for what the device cannot do, nor go on where there is no good one', async () => {
    const memory = failed('language-model', 'out-of-memory');
    const pack = packOf('new', packOf('good'));
    expect((await load(pack, new Map([[pack.source, [memory]]]))).events).toEqual([memory]);
    const dims = failed('reader', 'pack-unsupported');
    const first = packOf('first');
    expect((await load(first, new Map([[first.source, [dims]]]))).events).toEqual([dims]);
    expect([pack.kept, first.kept]).toEqual([false, false]);
  });
});
