/** Expected failures, as data: they cross the worker boundary whole. A thrown error is a bug. */
export const ERROR_CODES = [
  'cancelled',
  'pack-missing', // manifest or a file of it is not there
  'pack-corrupt', // wrong hash, wrong size, unreadable manifest
  'pack-unsupported', // a future format, a wrong label, a wrong dim
  'hub-unreachable', // offline, or the host does not answer
  'hub-refused', // it answers, and says no: 401, 403, 429, 5xx
  'no-webgpu', // asked for and not there
  'no-simd', // WebAssembly SIMD missing: nothing can run
  'out-of-memory',
  'device-lost',
  'interrupted', // its worker is gone, and another takes its place
  'graph-failed', // onnxruntime refused a graph or a run
  'model-not-ready', // the language model is still loading or failed
  'camera-none',
  'camera-denied',
  'camera-in-use',
  'camera-failed',
  'recording-failed', // the camera's video could not be recorded, or not any further
  'file-empty',
  'file-unreadable', // cannot be read from disk
  'file-unsupported', // not a picture and not a video
  'picture-broken',
  'picture-too-large',
  'video-broken',
  'video-codec',
  'video-encoder', // no codec that this browser can write
  'file-unwritable', // the chosen place cannot be written to, or is full
  'session-broken', // an archive or a kept session that is none of ours
  'session-elsewhere', // open in another tab
  'session-unkept', // what is open could not be written and would be lost
  'storage-refused', // the browser keeps nothing here
  'storage-full',
  'labels-invalid', // evaluate: labels.csv is missing or wrong
  'usage', // command line: wrong arguments
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What failed (`message`) and what to do (`remedy`), both in plain words for the user. */
export interface WireError {
  code: ErrorCode;
  message: string;
  remedy: string;
  /** For a bug report: the runtime's own words, a file name, expected and got. */
  detail?: string;
}

export function wireError(code: ErrorCode, message: string, remedy: string, detail?: string): WireError {
  return detail === undefined ? { code, message, remedy } : { code, message, remedy, detail };
}
