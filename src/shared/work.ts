import type { Backend, GraphName } from './labels.ts';

/** What the analysis' thread is about to compute: it may not be able to say anything before that is done. */
export interface Work {
  graph: GraphName;
  backend: Backend;
  /** Opening and the first run of a size compile: they take many times as long as the runs after them. */
  kind: 'open' | 'first' | 'run';
  /** A decode step is `small`, a prompt `large`: they are not to be measured by each other. */
  size: 'small' | 'large';
}
