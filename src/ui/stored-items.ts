/**
 * Items as they lie in the browser's storage: each without its explanations, which lie beside it one by one. So what is written does not
 * grow with all that was ever explained: an hour of a camera has its item written a thousand times. Pure; knows records and keys.
 */
import type { Explanation } from './analysis-state.ts';
import type { ItemRecord } from './session-record.ts';

export type ItemKey = [session: string, item: string] | [session: string, item: string, run: string];

/** What is to be put for an item, and what to note once it is written. */
interface ItemParts {
  puts: { key: ItemKey; value: unknown }[];
  written: () => void;
}

export class StoredItems {
  /** Explanations never change: another one stands in their place. Of which item's each is written. */
  #written = new WeakMap<Explanation, string>();

  parts(sessionId: string, record: ItemRecord): ItemParts {
    const known = this.#written;
    const place = `${sessionId} ${record.id}`;
    const runs = record.explanations.filter((run) => known.get(run) !== place);
    const explained = record.explanations.map(({ runId }) => runId);
    return {
      puts: [
        { key: [sessionId, record.id], value: { ...record, explanations: [], explained } },
        ...runs.map((run) => ({ key: [sessionId, record.id, run.runId] satisfies ItemKey, value: run })),
      ],
      written: () => {
        for (const run of runs) known.set(run, place);
      },
    };
  }

  /** Something was removed: it may come back, and is then to be written whole. */
  forget(): void {
    this.#written = new WeakMap();
  }
}

/** A stored item with its explanations, still to be checked. Of versions before, it holds them itself. */
export function joinedItem(item: unknown, runs: readonly unknown[]): unknown {
  if (typeof item !== 'object' || item === null || !('explained' in item) || !Array.isArray(item.explained)) return item;
  const { explained, ...rest } = item;
  const byId = new Map(runs.map((run) => [(run as { runId?: unknown } | null)?.runId, run]));
  return { ...rest, explanations: explained.flatMap((runId) => byId.get(runId) ?? []) };
}
