import type { WireError } from '../shared/errors.ts';
import type { ModelInfo, StageTimes } from '../shared/events.ts';
import type { Step, Task } from '../shared/labels.ts';
import type { Answer, Evidence, Reading, TextLine } from '../shared/readings.ts';

/** One deep-path run as the page saw it; parts that never arrived are empty or null. */
export interface SessionExplanation {
  runId: string;
  task: Task;
  /** Media time of the explained frame in seconds; 0 for a picture. */
  time: number;
  outcome: 'running' | 'done' | 'stopped' | 'failed';
  error: WireError | null;
  prompt: string;
  promptTokens: number;
  /** Words that were found on the picture (or given). */
  words: TextLine[];
  steps: Record<Step, string>;
  evidence: Record<Step, Evidence[]>;
  answer: Answer | null;
  /** Decode speed; null where nothing was decoded. */
  tokensPerSecond: number | null;
  times: StageTimes;
}

export interface SessionItem {
  id: string;
  /** What the user calls it: a file name, a camera's label. */
  name: string;
  kind: 'picture' | 'video' | 'camera';
  /** Size in px of the frames that were analysed: what boxes and landmarks are measured in. 0 while unknown. */
  width: number;
  height: number;
  /** In the order in which they came: frame by frame, faces of a frame together. */
  readings: Reading[];
  explanations: SessionExplanation[];
}

/** All that an export states. The page builds it from its state; plain data, no handles. */
export interface Session {
  app: { version: string };
  model: ModelInfo | null;
  settings: Record<string, string | number | boolean>;
  items: SessionItem[];
}
