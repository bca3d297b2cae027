import type { Backend, GraphName } from './labels.ts';

/** What a worker's thread is about to compute: it may not be able to say anything before that is done. */
export interface Work {
  /** Null: none; a frame of a video is decoded, drawn and encoded. */
  graph: GraphName | null;
  /** Where the graph runs; null where there is none. */
  backend: Backend | null;
  /** Opening and the first run of a size compile: they take many times as long as the runs after them. */
  kind: 'open' | 'first' | 'run';
  /** A decode step is `small`, a prompt `large`: they are not to be measured by each other. */
  size: 'small' | 'large';
}
