/** What made the numbers: with it an export can be told from one of another pack, machine or setting. */
import type { Prompting } from '../shared/labels.ts';
import { sha256 } from '../shared/sha256.ts';
import { sampling } from './frames.ts';
import type { MadeBy, Session, SessionItem } from './session.ts';

export interface Provenance {
  format: 'emollm-provenance-1';
  /** ISO 8601, UTC; absent where it was not told. */
  exportedAt?: string;
  app: { name: string; version: string };
  /** Null before the pack was loaded. `sha256` is the manifest's, which names every file's hash and holds the prompt templates. */
  pack: { id: string; version: string; sha256: string } | null;
  graphs: { graph: string; backend: string; dtype: string }[];
  /** The foundation pack in the language model's place now: `revision` a commit, `dtypes` by graph. Null: the pack's own. */
  foundation: NonNullable<MadeBy['foundation']> | null;
  /** The WebGPU adapter in words; null where there is none. */
  adapter: string | null;
  /** CPU threads. */
  threads: number | null;
  /** Probability from which the pack calls an action unit shown. */
  cueThreshold: number | null;
  notes: string[];
  /** `smoothing`: time constant in seconds of live readings. */
  settings: Session['settings'];
  inputs: {
    id: string;
    name: string;
    kind: SessionItem['kind'];
    /** Frames with a face that were analysed, and the median seconds between them. */
    sampling: { frames: number; interval: number | null };
    /** What of a video was read as a file, at a rate that was chosen. */
    analyses?: SessionItem['analyses'];
    /** The whole prompt of each explanation, measured evidence included, and which model it was put to (null: not known). */
    prompts: { task: string; time: number; sha256: string; prompting: Prompting; madeBy: MadeBy | null }[];
  }[];
}

/** SHA-256 of a text's UTF-8 as lower-case hex. */
export function textHash(text: string): string {
  return Array.from(sha256(new TextEncoder().encode(text)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param at when the export was made */
export function provenance(session: Session, at?: Date): Provenance {
  const { model } = session;
  return {
    format: 'emollm-provenance-1',
    ...(at === undefined ? {} : { exportedAt: at.toISOString() }),
    app: { name: 'EmoLLM', version: session.app.version },
    pack: model && { id: model.packId, version: model.packVersion, sha256: model.packHash },
    graphs: (model?.graphs ?? []).map(({ graph, backend, dtype }) => ({ graph, backend, dtype })),
    foundation: model?.foundation ?? null,
    adapter: model?.adapter || null,
    threads: model?.threads ?? null,
    cueThreshold: model?.cueThreshold ?? null,
    notes: model?.notes ?? [],
    settings: session.settings,
    inputs: session.items.map((item) => ({
      id: item.id,
      name: item.name,
      kind: item.kind,
      sampling: sampling(item),
      ...(item.analyses && { analyses: item.analyses }),
      prompts: item.explanations
        .filter(({ prompt }) => prompt !== '')
        .map(({ task, time, prompt, prompting, madeBy }) => ({
          task,
          time,
          sha256: textHash(prompt),
          prompting: prompting ?? 'emoprompt',
          madeBy: madeBy ?? null,
        })),
    })),
  };
}

/**
 * A JSON file to lie beside a table whose readers know no comments.
 * @param columns what each column means, with its unit
 */
export function sidecar(session: Session, at: Date, about: { format: string; notes: string[]; columns: Record<string, string> }): string {
  return `${JSON.stringify({ ...about, provenance: provenance(session, at) }, null, 2)}\n`;
}
