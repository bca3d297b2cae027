/** `emollm analyze --format`: the pictures as one session, written in one of the exports' formats. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { type ExportFile, exportFiles } from '../export/files.ts';
import type { ExportKind } from '../export/kinds.ts';
import { madeBy, type Session, type SessionExplanation, type SessionItem } from '../export/session.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import type { Prompting, Task } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { VERSION } from '../shared/version.ts';
import { tryFolder } from './out-file.ts';

/** One picture's events as the exports want them, under the name that it has there; with the words that were given for it, if any, how it was asked and what answered; with the error where there was one. `item` is null where nothing was read. */
export async function gatherItem(
  events: AsyncIterable<AnalysisEvent>,
  { file, name }: { file: string; name: string },
  { task, words, prompting }: { task: Task; words: string | null; prompting: Prompting },
  model: ModelInfo,
): Promise<{ item: SessionItem | null; error: WireError | null }> {
  const explanation: SessionExplanation = {
    runId: file,
    task,
    time: 0,
    outcome: 'running',
    error: null,
    prompt: '',
    promptTokens: 0,
    words: [],
    ...(words !== null && { wordsGiven: words }),
    steps: { observe: '', cues: '', reason: '', answer: '' },
    evidence: { observe: [], cues: [], reason: [], answer: [] },
    answer: null,
    tokensPerSecond: null,
    times: {},
    madeBy: madeBy(model),
    ...(prompting === 'plain' && { prompting }),
  };
  let item: SessionItem | null = null;
  for await (const event of events) {
    switch (event.type) {
      case 'readings': {
        const { width, height, readings } = event;
        item = { id: file, name, kind: 'picture', width, height, readings, explanations: [explanation] };
        break;
      }
      case 'words':
        explanation.words = event.lines;
        break;
      case 'prompt':
        explanation.prompt = event.text;
        explanation.promptTokens = event.promptTokens;
        break;
      case 'text':
        explanation.steps[event.step] += event.delta;
        break;
      case 'evidence':
        explanation.evidence[event.step] = event.evidence;
        break;
      case 'decode-speed':
        explanation.tokensPerSecond = event.tokensPerSecond;
        break;
      case 'answer':
        explanation.answer = event.answer;
        explanation.times = event.times;
        break;
      case 'done':
        explanation.outcome = 'done';
        break;
      case 'failed':
        explanation.outcome = event.error.code === 'cancelled' ? 'stopped' : 'failed';
        explanation.error = event.error;
        break;
    }
  }
  return { item, error: explanation.error };
}

/** Whether the export of these pictures can be written there: told before they are analysed. */
export async function tryExport({
  files,
  format,
  out,
}: {
  files: readonly string[];
  format: ExportKind;
  out: string;
}): Promise<Result<void>> {
  const place = await tryFolder(out);
  if (!place.ok) return place;
  const items = files.map(
    (file): SessionItem => ({ id: file, name: file, kind: 'picture', width: 0, height: 0, readings: [], explanations: [] }),
  );
  const found = freeFiles({ app: { version: VERSION }, model: null, settings: {}, items }, format, out);
  return found.ok ? ok(undefined) : found;
}

/** Writes the export into a folder, which is made where it is missing; gives the files' paths. Nothing is written over. */
export async function writeExport(
  engine: Pick<Engine, 'info'>,
  items: SessionItem[],
  settings: Record<string, string | number>,
  { format, out }: { format: ExportKind; out: string },
): Promise<Result<string[]>> {
  const session = { app: { version: VERSION }, model: engine.info(), settings, items };
  const paths: string[] = [];
  try {
    const files = freeFiles(session, format, out);
    if (!files.ok) return files;
    for (const file of files.value) {
      const path = join(out, file.path);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, file.text, { flag: 'wx' });
      paths.push(path);
    }
  } catch (error) {
    return fail(wireError('file-unwritable', 'The export could not be written.', 'Choose another folder with --out.', String(error)));
  }
  return ok(paths);
}

/** The export's files, by names that nothing there has: those with a time move on by a second, a dataset's own cannot. */
function freeFiles(session: Session, format: ExportKind, out: string): Result<ExportFile[]> {
  const now = Date.now();
  for (let second = 0; ; second += 1) {
    const files = exportFiles(session, format, new Date(now + second * 1000));
    const there = files.map(({ path }) => join(out, path)).find((path) => existsSync(path));
    if (there === undefined) return ok(files);
    if (format === 'bids') {
      return fail(wireError('file-unwritable', `${there} is there already, and would be lost.`, 'Choose another folder with --out.'));
    }
  }
}
