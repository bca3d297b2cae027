/**
 * EmoPrompt's prompt: the task, the options and the measured evidence as text. Its twin is
 * training/emoprompt.py, which must give the same string. Knows text and readings, not ids.
 */
import type { AnswerCalibration, PackManifest } from '../model/manifest.ts';
import type { Wording } from '../model/text-classifier.ts';
import type { Task } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { wordFeatures } from './word-features.ts';

/** The part of the manifest that a prompt is made from. */
type PromptManifest = Pick<PackManifest, 'prompt' | 'projection' | 'actionUnits'>;

export interface PromptEvidence {
  task: Task;
  /** Overrides the task's own options; null takes them. */
  options: readonly string[] | null;
  /** All faces of the picture, largest first. */
  readings: readonly Reading[];
  /** Words on the picture or given by the user; empty where there are none, null where nobody looked. */
  words: string | null;
  /** What those words lean to by themselves; null where nothing can be said. */
  wording: Wording | null;
}

/** The options that a task is decided among; empty for an open one. */
export function taskOptions(manifest: PromptManifest, task: Task, options: readonly string[] | null): readonly string[] {
  return options ?? manifest.prompt.tasks[task].options;
}

/** How an answer to this task among these options is decided, and how sure it may be; null where nobody fitted it. A free answer has no options to tell it by. */
export function answerCalibration(manifest: PromptManifest, task: Task, options: readonly string[]): AnswerCalibration | null {
  const asked = options.join('\n');
  const isAsked = (entry: AnswerCalibration): boolean => options.length === 0 || entry.options.join('\n') === asked;
  return manifest.prompt.calibration.find((entry) => entry.task === task && isAsked(entry)) ?? null;
}

/** The prompt's lines, joined by newlines, without chat markers. */
export function promptBody(manifest: PromptManifest, evidence: PromptEvidence): string {
  const { prompt, projection, actionUnits } = manifest;
  const options = taskOptions(manifest, evidence.task, evidence.options);
  const lines = [prompt.tasks[evidence.task].line.replace('{options}', () => options.join(', '))];
  const { readings } = evidence;
  if (readings.length > projection.maxFaces) lines.push(`Faces: ${readings.length} in all.`);
  const shown = readings.slice(0, projection.maxFaces);
  const room = Math.ceil(prompt.maxCues / Math.max(1, shown.length));
  const cueOf = new Map(actionUnits.map((unit) => [unit.code, unit.cue]));
  for (const [index, reading] of shown.entries()) {
    const cues = namedUnits(reading, prompt)
      .slice(0, room)
      .map((unit) => `${cueOf.get(unit.code) ?? unit.code} (${unit.code}) ${unsigned(unit.probability, prompt.decimals)}`);
    const traits = index === 0 && prompt.traits && reading.traits.length > 0 ? ` (${reading.traits.join(', ')})` : '';
    lines.push(
      `Face ${index + 1}${traits}: ${cues.join(', ') || 'no clear cue'}; valence ${signed(reading.valence, prompt.decimals)}, arousal ${signed(reading.arousal, prompt.decimals)}.`,
    );
  }
  if (readings.length === 0) lines.push('No face.');
  if (evidence.words !== null) {
    const words = cleanWords(evidence.words).slice(0, prompt.maxWords);
    lines.push(words.length > 0 ? `Words: "${words.join(' ')}"` : 'Words: none.');
    const features = words.length > 0 ? wordFeatures(evidence.words).slice(0, prompt.maxFeatures) : [];
    if (features.length > 0) lines.push(`Text: ${features.join(', ')}.`);
    if (words.length > 0 && evidence.wording) lines.push(wordingLine(evidence.wording));
  }
  return lines.join('\n');
}

/** The chat around the body, cut in two where the image embeddings stand. */
export function aroundImage(manifest: PromptManifest, body: string): { before: string; after: string } {
  const [before = '', after = ''] = manifest.prompt.template.split('{image}');
  return { before: before.replace('{body}', () => body), after: after.replace('{body}', () => body) };
}

/** What every prompt begins with: the template up to its first placeholder. */
export function promptHead(manifest: PromptManifest): string {
  return manifest.prompt.template.split(/\{image\}|\{body\}/)[0] ?? '';
}

/** Action units that are sure enough to be named, by the figure that is shown: the surest first, then in order of their codes. */
export function namedUnits(
  reading: Reading,
  { cueThreshold, decimals }: Pick<PackManifest['prompt'], 'cueThreshold' | 'decimals'>,
): Reading['actionUnits'] {
  const shown = ({ probability }: Reading['actionUnits'][number]): number => Number(rounded(probability, decimals));
  return reading.actionUnits
    .filter((unit) => unit.probability >= cueThreshold)
    .toSorted((a, b) => shown(b) - shown(a) || (a.code < b.code ? -1 : 1));
}

/** Of two options the likelier alone, of more the likelier two. */
function wordingLine({ shares, terms }: Wording): string {
  const shown = shares.slice(0, shares.length === 2 ? 1 : 2);
  const leans = shown.map(({ option, share }) => `${option} ${share.toFixed(2).replace(/^0/, '')}`).join(', ');
  const by = terms.length > 0 ? ` (${terms.map((term) => `"${term}"`).join(', ')})` : '';
  return `Wording: ${leans}${by}.`;
}

/** Words may say anything, markers of the tokenizer (`<|im_end|>`, `<file_sep>`) included: those are broken up, quotes are made single, control characters part words. */
function cleanWords(words: string): string[] {
  return words
    .replaceAll('"', "'")
    .replace(/<(?=[|a-z])/gi, '< ')
    .split(/[\s\p{Cc}]+/u)
    .filter((word) => word !== '');
}

/** `.8`, `1`, `.0`; of two decimals `.83`, `1`, `.00` */
function unsigned(value: number, decimals: number): string {
  const text = rounded(value, decimals);
  return Number(text) === 1 ? '1' : text.replace(/^0/, '');
}

/** `+.7`, `-.3`, `0`, `+1` */
function signed(value: number, decimals: number): string {
  const text = unsigned(Math.abs(value), decimals);
  return Number(text) === 0 ? '0' : `${value < 0 ? '-' : '+'}${text}`;
}

/** The ties in [0, 1] where rounding half to even, as Python does, and half up, as JavaScript does, differ; by decimals. */
const TIES: Readonly<Record<number, readonly number[]>> = { 1: [0.25], 2: [0.125, 0.625] };

/** As Python formats. */
function rounded(value: number, decimals: number): string {
  return (TIES[decimals]?.includes(value) ? value - 10 ** -(decimals + 2) : value).toFixed(decimals);
}
