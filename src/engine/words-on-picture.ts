/** Words on a picture, read where a task needs them. Knows neither prompts nor models of language. */
import type { Frame } from '../model/image.ts';
import { throwIfCancelled } from '../model/language-model.ts';
import type { PackManifest } from '../model/manifest.ts';
import type { Task } from '../shared/labels.ts';
import type { TextLine } from '../shared/readings.ts';
import type { WordsPart } from './load.ts';

/**
 * `lines` is null where nobody looked on the picture; `text` is null where the prompt says nothing of words.
 * @throws EngineFailure, `cancelled` included.
 */
export async function readWords(
  signal: AbortSignal,
  part: WordsPart,
  manifest: PackManifest,
  frame: Frame,
  { task, words }: { task: Task; words: string | null },
): Promise<{ lines: TextLine[] | null; text: string | null; ms: number }> {
  if (words !== null) return { lines: null, text: words, ms: 0 };
  if (!manifest.prompt.tasks[task].readsWords) return { lines: null, text: null, ms: 0 };
  const started = performance.now();
  throwIfCancelled(signal);
  const regions = await part.textDetector.detect(frame);
  const lines: TextLine[] = [];
  for (const region of regions) {
    throwIfCancelled(signal);
    const read = await part.textRecognizer.read(frame, [region]);
    lines.push(...read.map((line) => ({ ...line, text: part.wordSplitter.split(line.text) })));
  }
  return { lines, text: lines.map((line) => line.text).join(' '), ms: performance.now() - started };
}
