/**
 * Guesses what the language model writes next, by what its training texts had after the same ids (training/drafts.py). A guess
 * costs a row of a run and changes nothing: `Sequence.appendChecked` keeps it only where the model would have written it.
 * Knows ids, not text.
 */
import * as v from 'valibot';
import { wireError } from '../shared/errors.ts';
import { EngineFailure } from './graph.ts';

const id = v.pipe(v.number(), v.integer(), v.minValue(0));
const drafts = v.object({
  format: v.literal(1),
  /** By the number of ids before it: those ids and the one that follows, one entry after another. */
  after: v.record(v.pipe(v.string(), v.regex(/^[1-9]$/)), v.array(id)),
});

export class DraftTable {
  readonly #longest: number;
  readonly #next = new Map<string, number>();

  /** @throws EngineFailure with `pack-corrupt` where the file is not one. */
  constructor(file: Uint8Array) {
    const parsed = v.safeParse(drafts, parseJson(file));
    if (!parsed.success) {
      const message = 'The pack’s table of drafts cannot be read.';
      throw new EngineFailure(
        wireError('pack-corrupt', message, 'Get the pack again from where it came, then reload.', parsed.issues[0].message),
      );
    }
    const lengths = Object.keys(parsed.output.after).map(Number);
    this.#longest = Math.max(0, ...lengths);
    for (const [key, ids] of Object.entries(parsed.output.after)) {
      const length = Number(key);
      for (let at = 0; at + length < ids.length; at += length + 1) {
        this.#next.set(keyOf(ids.slice(at, at + length)), ids[at + length] as number);
      }
    }
  }

  /** What probably follows `written`, at most `limit` ids; fewer, or none, where nothing is known. The longest known ending decides. */
  guess(written: readonly number[], limit: number): number[] {
    const ids = written.slice(-this.#longest);
    const guesses: number[] = [];
    while (guesses.length < limit) {
      const next = this.#after(ids);
      if (next === undefined) break;
      guesses.push(next);
      ids.push(next);
    }
    return guesses;
  }

  #after(ids: readonly number[]): number | undefined {
    for (let length = Math.min(this.#longest, ids.length); length > 0; length -= 1) {
      const next = this.#next.get(keyOf(ids.slice(-length)));
      if (next !== undefined) return next;
    }
    return undefined;
  }
}

const keyOf = (ids: readonly number[]): string => ids.join();

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
