/** `emollm analyze`: readings and reasoning of picture files, as text, as JSON lines, or as one of the exports. */
import type { Engine } from '../engine/engine.ts';
import type { SessionItem } from '../export/session.ts';
import type { WireError } from '../shared/errors.ts';
import type { AnalysisEvent, StageTimes } from '../shared/events.ts';
import { EMOTION_LABELS, STEPS, type Step, type Task } from '../shared/labels.ts';
import type { Answer, Evidence, Reading, TextLine } from '../shared/readings.ts';
import type { AnalyzeCommand } from './arguments.ts';
import { gatherItem, writeExport } from './export-files.ts';
import { readPicture } from './picture.ts';
import { shownNames } from './picture-files.ts';

/** Where the text goes: standard output and standard error. */
export interface Console {
  out(text: string): void;
  error(text: string): void;
}

/** Returns whether every file was analysed. Goes on after a file that fails; stops when cancelled. */
export async function analyzeFiles(signal: AbortSignal, engine: Engine, command: AnalyzeCommand, console: Console): Promise<boolean> {
  let isWhole = true;
  const items: SessionItem[] = [];
  const names = shownNames(command.files);
  for (const file of command.files) {
    if (signal.aborted) break;
    const error = await analyzeFile(signal, engine, { file, name: names.get(file) ?? file }, command, console, items);
    if (error) {
      isWhole = false;
      console.error(`${file}: ${describeError(error)}\n`);
    }
  }
  const { format, out, backend, threads, task } = command;
  if (format !== null && items.length > 0) {
    const written = await writeExport(engine, items, { backend, threads, task }, { format, out });
    if (written.ok) console.out(written.value.map((path) => `${path}\n`).join(''));
    else {
      isWhole = false;
      console.error(`${describeError(written.error)}\n`);
    }
  }
  return isWhole && !signal.aborted;
}

async function analyzeFile(
  signal: AbortSignal,
  engine: Engine,
  named: { file: string; name: string },
  command: AnalyzeCommand,
  console: Console,
  items: SessionItem[],
): Promise<WireError | null> {
  const { file } = named;
  if (command.format === null)
    return command.json ? analyzeToJson(signal, engine, file, command, console) : analyzeToText(signal, engine, file, command, console);
  const { item, error } = await gatherItem(analyze(signal, engine, file, command), named, command, engine.info());
  if (item) items.push(item);
  return error;
}

/** `message remedy (detail)` */
export function describeError(error: WireError): string {
  return `${error.message} ${error.remedy}${error.detail === undefined ? '' : ` (${error.detail})`}`;
}

async function* analyze(
  signal: AbortSignal,
  engine: Engine,
  file: string,
  { task, words, prompting }: AnalyzeCommand,
): AsyncGenerator<AnalysisEvent> {
  const frame = await readPicture(file);
  if (!frame.ok) {
    yield { type: 'failed', runId: file, error: frame.error };
    return;
  }
  const { maxNewTokens } = engine;
  yield* engine.explain(signal, frame.value, { runId: file, sourceId: file, task, readings: null, words, maxNewTokens, prompting });
}

async function analyzeToText(
  signal: AbortSignal,
  engine: Engine,
  file: string,
  command: AnalyzeCommand,
  console: Console,
): Promise<WireError | null> {
  const heads = engine.manifest?.prompt.heads ?? [];
  let isFirstStep = true;
  for await (const event of analyze(signal, engine, file, command)) {
    switch (event.type) {
      case 'readings':
        console.out(`${file} (${event.width} × ${event.height})\n`);
        if (event.readings.length === 0) console.out('  No face.\n');
        for (const reading of event.readings) console.out(`  ${describeReading(reading)}\n`);
        break;
      case 'words':
        console.out(event.lines.length === 0 ? '  Words: none.\n' : `  Words: ${event.lines.map((line) => line.text).join(' / ')}\n`);
        break;
      case 'prompt':
        if (command.words !== null) console.out(`  Words as given: ${command.words.trim().replaceAll(/\s+/g, ' ') || 'none'}\n`);
        break;
      case 'step':
        console.out(`${isFirstStep ? '' : '\n'}  ${heads[STEPS.indexOf(event.step)] ?? event.step} `);
        isFirstStep = false;
        break;
      case 'text':
        console.out(event.delta);
        break;
      case 'answer': {
        const chosen = event.answer.distribution.find((entry) => entry.option === event.answer.text);
        console.out(chosen ? ` (${percent(chosen.probability)})\n` : '\n');
        break;
      }
      case 'failed':
        if (!isFirstStep) console.out('\n');
        return event.error;
    }
  }
  return null;
}

/** One line of `--json`. A file that failed has what was read until then, and `error`. */
interface AnalysisLine {
  file: string;
  task: Task;
  width?: number;
  height?: number;
  readings?: (Omit<Reading, 'landmarks'> & { landmarks: number[] })[];
  words?: TextLine[];
  /** Of `--words`, in place of those on the picture. */
  wordsGiven?: string;
  prompt?: string;
  evidence?: Partial<Record<Step, Evidence[]>>;
  answer?: Answer;
  times?: StageTimes;
}

async function analyzeToJson(
  signal: AbortSignal,
  engine: Engine,
  file: string,
  command: AnalyzeCommand,
  console: Console,
): Promise<WireError | null> {
  const steps: Partial<Record<Step, string>> = {};
  const result: AnalysisLine = { file, task: command.task, ...(command.words !== null && { wordsGiven: command.words }) };
  let error: WireError | null = null;
  for await (const event of analyze(signal, engine, file, command)) {
    switch (event.type) {
      case 'readings':
        result.width = event.width;
        result.height = event.height;
        result.readings = event.readings.map((reading) => ({
          ...reading,
          landmarks: Array.from(reading.landmarks, (value) => Math.round(value * 10) / 10),
        }));
        break;
      case 'words':
        result.words = event.lines;
        break;
      case 'prompt':
        result.prompt = event.text;
        break;
      case 'text':
        steps[event.step] = (steps[event.step] ?? '') + event.delta;
        break;
      case 'evidence':
        result.evidence = { ...result.evidence, [event.step]: event.evidence };
        break;
      case 'answer':
        result.answer = event.answer;
        result.times = event.times;
        break;
      case 'failed':
        error = event.error;
        break;
    }
  }
  const { packId, packVersion, packHash, foundation } = engine.info();
  const pack = { id: packId, version: packVersion, hash: packHash };
  const { prompting } = command;
  console.out(`${JSON.stringify({ ...result, steps, ...(error && { error }), prompting, pack, ...(foundation && { foundation }) })}\n`);
  return error;
}

function describeReading(reading: Reading): string {
  const ranked = EMOTION_LABELS.toSorted((a, b) => reading.probabilities[b] - reading.probabilities[a]);
  const [first, second] = ranked.map((label) => `${label} ${percent(reading.probabilities[label])}`);
  const emotion = reading.emotion === 'uncertain' ? `uncertain (${first}, ${second})` : `${first} (then ${second})`;
  const units = reading.actionUnits.filter((unit) => unit.probability >= 0.5).map((unit) => `${unit.code} ${unit.probability.toFixed(2)}`);
  const { x, y, width, height } = reading.box;
  const place = `at ${Math.round(x)},${Math.round(y)} ${Math.round(width)} × ${Math.round(height)}`;
  return `Face ${reading.faceId} ${place}: ${emotion}; valence ${reading.valence.toFixed(2)}, arousal ${reading.arousal.toFixed(2)}${units.length > 0 ? `; ${units.join(', ')}` : ''}`;
}

const percent = (probability: number): string => `${Math.round(probability * 100)} %`;
