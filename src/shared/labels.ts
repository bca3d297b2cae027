/** The eight FER+ nouns. A pack states its own order; this list says which words exist. */
export const EMOTION_LABELS = ['neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear', 'contempt'] as const;
export type EmotionLabel = (typeof EMOTION_LABELS)[number];

/** EmoBench's five tasks; emotion comes closed (options) and open (free text). */
export const TASKS = ['emotion', 'emotion-open', 'intent', 'hate', 'sarcasm', 'humor'] as const;
export type Task = (typeof TASKS)[number];

/** The four parts of an EmoPrompt text, in order. */
export const STEPS = ['observe', 'cues', 'reason', 'answer'] as const;
export type Step = (typeof STEPS)[number];

export const BACKENDS = ['webgpu', 'wasm', 'native'] as const;
/** Where a graph runs: `native` is onnxruntime-node on the CPU. */
export type Backend = (typeof BACKENDS)[number];
export type BackendChoice = 'auto' | 'webgpu' | 'wasm';

/** The graphs of a pack. */
export const GRAPH_NAMES = [
  'face-detector-short',
  'face-detector-full',
  'face-landmarks',
  'face-encoder',
  'scene-encoder',
  'projection',
  'language-model',
  'text-detector',
  'text-recognizer',
] as const;
export type GraphName = (typeof GRAPH_NAMES)[number];

export const PROMPTINGS = ['emoprompt', 'plain'] as const;
/** How a question is put: with the four steps, or for the answer alone. */
export type Prompting = (typeof PROMPTINGS)[number];
