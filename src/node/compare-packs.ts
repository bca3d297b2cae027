/** `emollm compare`: two packs on the same pictures, one after the other, since two at once may not fit. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { evaluate } from '../engine/evaluate.ts';
import { wireError } from '../shared/errors.ts';
import type { ReportItem } from '../shared/evaluation.ts';
import { STEPS, type Step } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { readLabels } from './evaluate-folder.ts';
import type { CompareCommand } from './pack-arguments.ts';
import { readPicture } from './picture.ts';
import { openEngine } from './session.ts';

/** What a pack said of one picture. */
export interface ComparedItem {
  file: string;
  /** Null where nobody labelled it. */
  label: string | null;
  answer: string | null;
  text: Record<Step, string> | null;
}

export interface ComparedPack {
  pack: string;
  items: ComparedItem[];
  seconds: number;
  /** Null where the pictures have no labels. */
  accuracy: number | null;
  /** Pictures that could not be decoded: in no figure. */
  skipped?: number;
}

export interface Comparison {
  packs: [Omit<ComparedPack, 'items'>, Omit<ComparedPack, 'items'>];
  n: number;
  /** Pictures that both answer alike; null where there is none. */
  agreement: number | null;
  items: {
    file: string;
    label: string | null;
    answers: [string | null, string | null];
    texts: [ComparedItem['text'], ComparedItem['text']];
  }[];
}

/** Runs both and puts them side by side; writes the report where a place for it is given. */
export async function comparePacks(
  signal: AbortSignal,
  command: CompareCommand,
  onProgress: (what: string, done: number, total: number) => void,
): Promise<Result<Comparison>> {
  const [first, second] = command.packs;
  const one = await runPack(signal, first, command, onProgress);
  if (!one.ok) return one;
  const other = await runPack(signal, second, command, onProgress);
  if (!other.ok) return other;
  const comparison = sideBySide(one.value, other.value);
  if (command.out === null) return ok(comparison);
  try {
    await mkdir(dirname(command.out), { recursive: true });
    await writeFile(command.out, `${JSON.stringify(comparison, null, 2)}\n`);
    return ok(comparison);
  } catch (error) {
    return fail(
      wireError('file-unreadable', `The report cannot be written to ${command.out}.`, 'Check the path given with --out.', String(error)),
    );
  }
}

/** By the pictures that both were shown. */
export function sideBySide(one: ComparedPack, other: ComparedPack): Comparison {
  const others = new Map(other.items.map((item) => [item.file, item]));
  const items = one.items.flatMap(({ file, label, answer, text }) => {
    const second = others.get(file);
    return second ? [{ file, label, answers: [answer, second.answer] as const, texts: [text, second.text] as const }] : [];
  });
  const alike = items.filter(({ answers: [a, b] }) => a !== null && a === b).length;
  const head = ({ pack, seconds, accuracy, skipped = 0 }: ComparedPack) => ({ pack, seconds, accuracy, skipped });
  return {
    packs: [head(one), head(other)],
    n: items.length,
    agreement: items.length === 0 ? null : alike / items.length,
    items: items.map((item) => ({ ...item, answers: [...item.answers], texts: [...item.texts] })),
  };
}

/** The comparison as text: figures, then what they differ on. */
export function describeComparison({ packs, n, agreement, items }: Comparison): string {
  const figures = packs.map(({ pack, seconds, accuracy, skipped = 0 }) => {
    const right = accuracy === null ? '' : `, accuracy ${accuracy.toFixed(3)}`;
    return `${pack}: ${(seconds / Math.max(1, n)).toFixed(1)} s a picture${right}${skipped > 0 ? `, ${skipped} left out` : ''}`;
  });
  const differ = items.filter(({ answers: [a, b] }) => a !== b);
  const lines = differ.map(({ file, label, answers, texts }) => {
    const said = answers.map((answer, index) => {
      const reason = texts[index]?.reason.trim() ?? '';
      return `    ${packs[index === 0 ? 0 : 1].pack}: ${answer ?? 'no answer'}${reason === '' ? '' : ` (${reason})`}`;
    });
    return [`  ${file}${label === null ? '' : `, labelled ${label}`}`, ...said].join('\n');
  });
  const same = agreement === null ? '' : `They agree on ${Math.round(agreement * 100)} % of ${n}.`;
  return [...figures, same, ...(lines.length === 0 ? [] : ['They differ on:', ...lines])].filter((line) => line !== '').join('\n');
}

async function runPack(
  signal: AbortSignal,
  pack: string | null,
  command: CompareCommand,
  onProgress: (what: string, done: number, total: number) => void,
): Promise<Result<ComparedPack>> {
  const opened = await openEngine(signal, { ...command, pack }, (loaded, total) => onProgress('Loading', loaded, total));
  if (!opened.ok) return opened;
  const engine = opened.value;
  const { foundation, packId } = engine.info();
  const name = foundation?.id ?? packId;
  const tell = (done: number, total: number) => onProgress(`${name}:`, done, total);
  try {
    const ran =
      command.data === null
        ? await explainEach(signal, engine, command, tell)
        : await judgeFolder(signal, engine, command.data, command, tell);
    return ran.ok ? ok({ pack: name, ...ran.value }) : ran;
  } finally {
    await engine.dispose();
  }
}

async function judgeFolder(
  signal: AbortSignal,
  engine: Engine,
  data: string,
  { task, cropped, limit }: CompareCommand,
  onProgress: (done: number, total: number) => void,
): Promise<Result<Omit<ComparedPack, 'pack'>>> {
  const labels = await readLabels({ data, task });
  if (!labels.ok) return labels;
  const source = { labels: labels.value, decode: (file: string) => readPicture(join(data, file)) };
  const options = { task, cropped, limit, by: 'language-model', items: true, skipBroken: true, onProgress } as const;
  const report = await evaluate(signal, engine, source, options);
  if (!report.ok) return report;
  if (!('accuracy' in report.value)) throw new Error('a classification was asked for');
  const { seconds, accuracy, skipped, items = [] } = report.value;
  return ok({
    seconds,
    accuracy,
    skipped: skipped.length,
    items: items.map(({ file, label, answer, text }: ReportItem) => ({ file, label, answer, text })),
  });
}

async function explainEach(
  signal: AbortSignal,
  engine: Engine,
  { files, task }: CompareCommand,
  onProgress: (done: number, total: number) => void,
): Promise<Result<Omit<ComparedPack, 'pack'>>> {
  const started = performance.now();
  const items: ComparedItem[] = [];
  for (const [index, path] of files.entries()) {
    const frame = await readPicture(path);
    if (!frame.ok) return frame;
    const text: Record<Step, string> = { observe: '', cues: '', reason: '', answer: '' };
    let answer: string | null = null;
    const { maxNewTokens } = engine;
    const asked = task === 'faces' ? 'emotion' : task;
    const run = { runId: path, sourceId: path, task: asked, readings: null, words: null, maxNewTokens };
    for await (const event of engine.explain(signal, frame.value, run)) {
      if (event.type === 'failed') return fail(event.error);
      if (event.type === 'text') text[event.step] += event.delta;
      if (event.type === 'answer') answer = event.answer.text;
    }
    const name = basename(path);
    const isShared = files.some((each) => each !== path && basename(each) === name);
    items.push({ file: isShared ? path : name, label: null, answer, text: STEPS.some((step) => text[step] !== '') ? text : null });
    onProgress(index + 1, files.length);
  }
  return ok({ seconds: (performance.now() - started) / 1000, accuracy: null, items });
}
