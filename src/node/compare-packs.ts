/** `emollm compare`: two packs on the same pictures, one after the other, since two at once may not fit. */
import type { Engine } from '../engine/engine.ts';
import { evaluate } from '../engine/evaluate.ts';
import type { WireError } from '../shared/errors.ts';
import type { ReportItem } from '../shared/evaluation.ts';
import { STEPS, type Step } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { checkLabels, pictureIn, readLabels } from './labelled-folder.ts';
import { jsonText, tryToWrite, writeResult } from './out-file.ts';
import type { CompareCommand } from './pack-arguments.ts';
import { readPackManifest } from './pack-choice.ts';
import { type NamedPack, nameOf, packLabels } from './pack-name.ts';
import { readPicture } from './picture.ts';
import { shownNames } from './picture-files.ts';
import { openEngine } from './session.ts';

/** What a pack said of one picture. */
export interface ComparedItem {
  file: string;
  /** Null where nobody labelled it. */
  label: string | null;
  answer: string | null;
  text: Record<Step, string> | null;
}

/** A picture that could not be decoded. */
interface LeftOut {
  file: string;
  reason: string;
}

export interface ComparedPack extends NamedPack {
  items: ComparedItem[];
  seconds: number;
  /** Null where the pictures have no labels. */
  accuracy: number | null;
  /** They are in no figure. */
  leftOut?: readonly LeftOut[];
}

/** A pack's figures; `skipped` counts pictures that are in none. */
type ComparedHead = Omit<ComparedPack, 'items' | 'leftOut'> & { skipped: number };

export interface Comparison {
  packs: [ComparedHead, ComparedHead];
  n: number;
  left_out: readonly LeftOut[];
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
  const { packs, out } = command;
  const ready = await checkAll(command);
  if (!ready.ok) return ready;
  const one = await runPack(signal, packs[0], command, onProgress);
  if (!one.ok) return one;
  const other = await runPack(signal, packs[1], command, onProgress);
  if (!other.ok) return other;
  const comparison = sideBySide(one.value, other.value);
  const written = out === null ? ok(undefined) : await writeResult(out, 'report', jsonText(comparison));
  return written.ok ? ok(comparison) : written;
}

/** What would else be seen only after the first pack has judged everything. */
async function checkAll({ packs, data, task, limit, out }: CompareCommand): Promise<Result<void>> {
  const place = out === null ? ok(undefined) : await tryToWrite(out, 'report');
  if (!place.ok) return place;
  const labels = data === null ? null : await readLabels({ data, task, limit });
  if (labels && !labels.ok) return labels;
  for (const pack of packs) {
    const manifest = await readPackManifest(pack);
    if (!manifest.ok) return manifest;
    const known = labels ? checkLabels(task, labels.value, manifest.value) : ok(undefined);
    if (!known.ok) return known;
  }
  return ok(undefined);
}

/** By the pictures that both were shown. */
export function sideBySide(one: ComparedPack, other: ComparedPack): Comparison {
  const others = new Map(other.items.map((item) => [item.file, item]));
  const items = one.items.flatMap(({ file, label, answer, text }) => {
    const second = others.get(file);
    return second ? [{ file, label, answers: [answer, second.answer] as const, texts: [text, second.text] as const }] : [];
  });
  const alike = items.filter(({ answers: [a, b] }) => a !== null && a === b).length;
  const head = ({ items: _, leftOut = [], ...rest }: ComparedPack): ComparedHead => ({ ...rest, skipped: leftOut.length });
  return {
    packs: [head(one), head(other)],
    n: items.length,
    left_out: one.leftOut ?? [],
    agreement: items.length === 0 ? null : alike / items.length,
    items: items.map((item) => ({ ...item, answers: [...item.answers], texts: [...item.texts] })),
  };
}

/** The comparison as text: figures, then what they differ on. */
export function describeComparison({ packs, n, agreement, items, left_out: leftOut }: Comparison): string {
  const names = packLabels(packs);
  const figures = packs.map(({ seconds, accuracy, skipped }, index) => {
    const right = accuracy === null ? '' : `, accuracy ${accuracy.toFixed(3)}`;
    return `${names[index]}: ${(seconds / Math.max(1, n)).toFixed(1)} s a picture${right}${skipped > 0 ? `, ${skipped} left out` : ''}`;
  });
  const differ = items.filter(({ answers: [a, b] }) => a !== b);
  const lines = differ.map(({ file, label, answers, texts }) => {
    const said = answers.map((answer, index) => {
      const reason = texts[index]?.reason.trim() ?? '';
      return `    ${names[index]}: ${answer ?? 'no answer'}${reason === '' ? '' : ` (${reason})`}`;
    });
    return [`  ${file}${label === null ? '' : `, labelled ${label}`}`, ...said].join('\n');
  });
  const same = agreement === null ? '' : `They agree on ${Math.round(agreement * 100)} % of ${n}.`;
  const missed = leftOut.map(({ file, reason }) => `  ${file}: ${reason}`);
  const parts = [...figures, same, ...(lines.length === 0 ? [] : ['They differ on:', ...lines])];
  return [...parts, ...(missed.length === 0 ? [] : ['Left out:', ...missed])].filter((line) => line !== '').join('\n');
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
  const { foundation, packId, packVersion, packHash } = engine.info();
  const named = nameOf({ id: packId, version: packVersion, hash: packHash }, foundation);
  const tell = (done: number, total: number) => onProgress(`${named.pack}:`, done, total);
  try {
    const ran =
      command.data === null
        ? await explainEach(signal, engine, command, tell)
        : await judgeFolder(signal, engine, command.data, command, tell);
    return ran.ok ? ok({ ...named, ...ran.value }) : ran;
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
): Promise<Result<Omit<ComparedPack, keyof NamedPack>>> {
  const labels = await readLabels({ data, task, limit });
  if (!labels.ok) return labels;
  const source = { labels: labels.value, decode: (file: string) => readPicture(pictureIn(data, file)) };
  const options = { task, cropped, limit, by: 'language-model', items: true, skipBroken: true, onProgress } as const;
  const report = await evaluate(signal, engine, source, options);
  if (!report.ok) return report;
  if (!('accuracy' in report.value)) throw new Error('a classification was asked for');
  const { seconds, accuracy, skipped, items = [] } = report.value;
  return ok({
    seconds,
    accuracy,
    leftOut: skipped.map(({ file, reason }) => ({ file, reason })),
    items: items.map(({ file, label, answer, text }: ReportItem) => ({ file, label, answer, text })),
  });
}

async function explainEach(
  signal: AbortSignal,
  engine: Engine,
  { files, task, cropped, limit }: CompareCommand,
  onProgress: (done: number, total: number) => void,
): Promise<Result<Omit<ComparedPack, keyof NamedPack>>> {
  const started = performance.now();
  const items: ComparedItem[] = [];
  const leftOut: LeftOut[] = [];
  let fault: WireError | null = null;
  const shown = files.slice(0, limit ?? undefined);
  const names = shownNames(shown);
  for (const [index, path] of shown.entries()) {
    const file = names.get(path) ?? path;
    const frame = await readPicture(path);
    if (frame.ok) {
      const text: Record<Step, string> = { observe: '', cues: '', reason: '', answer: '' };
      let answer: string | null = null;
      const { maxNewTokens } = engine;
      const asked = task === 'faces' ? 'emotion' : task;
      const run = { runId: path, sourceId: path, task: asked, readings: null, words: null, maxNewTokens, cropped };
      for await (const event of engine.explain(signal, frame.value, run)) {
        if (event.type === 'failed') return fail(event.error);
        if (event.type === 'text') text[event.step] += event.delta;
        if (event.type === 'answer') answer = event.answer.text;
      }
      items.push({ file, label: null, answer, text: STEPS.some((step) => text[step] !== '') ? text : null });
    } else {
      fault ??= frame.error;
      leftOut.push({ file, reason: frame.error.message });
    }
    onProgress(index + 1, shown.length);
  }
  if (fault && items.length === 0) return fail(fault);
  return ok({ seconds: (performance.now() - started) / 1000, accuracy: null, items, leftOut });
}
