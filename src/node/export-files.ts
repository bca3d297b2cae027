/** `emollm analyze --format`: the pictures as one session, written in one of the exports' formats. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { exportFiles } from '../export/files.ts';
import type { ExportKind } from '../export/kinds.ts';
import { madeBy, type SessionExplanation, type SessionItem } from '../export/session.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import type { Prompting, Task } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { VERSION } from '../shared/version.ts';

/** One picture's events as the exports want them, with the words that were given for it, if any, how it was asked and what answered; with the error where there was one. `item` is null where nothing was read. */
export async function gatherItem(
  events: AsyncIterable<AnalysisEvent>,
  file: string,
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
        item = { id: file, name: basename(file), kind: 'picture', width, height, readings, explanations: [explanation] };
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

/** Writes the export into a folder, which is made where it is missing; gives the files' paths. Nothing is written over. */
export async function writeExport(
  engine: Engine,
  items: SessionItem[],
  settings: Record<string, string | number>,
  { format, out }: { format: ExportKind; out: string },
): Promise<Result<string[]>> {
  const session = { app: { version: VERSION }, model: engine.info(), settings, items };
  const paths: string[] = [];
  try {
    const files = exportFiles(session, format, new Date());
    const there = files.map(({ path }) => join(out, path)).find((path) => existsSync(path));
    if (there !== undefined) {
      return fail(wireError('file-unwritable', `${there} is there already, and would be lost.`, 'Choose another folder with --out.'));
    }
    for (const file of files) {
      const path = join(out, file.path);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, file.text);
      paths.push(path);
    }
  } catch (error) {
    return fail(wireError('file-unreadable', 'The export could not be written.', 'Choose another folder with --out.', String(error)));
  }
  return ok(paths);
}
