/** The formats that a session can be exported in. Knows not how they are written. */

/** In the order in which they are offered. */
export const EXPORT_GROUPS = {
  data: ['json', 'readings-csv', 'explanations-csv', 'fex', 'openface', 'bids'],
  subtitles: ['vtt', 'vtt-metadata', 'elan'],
  report: ['html'],
} as const;
export type ExportKind = (typeof EXPORT_GROUPS)[keyof typeof EXPORT_GROUPS][number];
export const EXPORT_KINDS: readonly ExportKind[] = Object.values(EXPORT_GROUPS).flat();
