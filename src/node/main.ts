/** One command of `emollm`: wires arguments, engine and output; exit codes are told in the help. */
import type { WireError } from '../shared/errors.ts';
import { assertNever, ok, type Result } from '../shared/result.ts';
import { analyzeFiles, type Console, describeError } from './analyze.ts';
import { type AnalyzeCommand, type EvaluateCommand, HELP, parseArguments } from './arguments.ts';
import { comparePacks, describeComparison } from './compare-packs.ts';
import { evaluateFolder } from './evaluate-folder.ts';
import { tryExport } from './export-files.ts';
import { fetchPack } from './fetch-pack.ts';
import { readLabels } from './labelled-folder.ts';
import { tryToWrite } from './out-file.ts';
import { describePacks } from './pack-choice.ts';
import { picturesOf } from './picture-files.ts';
import { openEngine } from './session.ts';
import { makeTable } from './table.ts';

const FAILED = 1;
const WRONG_USAGE = 2;
const STOPPED = 130;

/** Runs one command; returns its exit code. */
export async function main(signal: AbortSignal, argv: readonly string[], console: Console): Promise<number> {
  const command = parseArguments(argv);
  if (!command.ok) {
    console.error(`${command.error.message}\n${command.error.remedy}\n`);
    return WRONG_USAGE;
  }
  switch (command.value.kind) {
    case 'help':
      console.out(HELP);
      return 0;
    case 'packs':
      console.out(await describePacks());
      return 0;
    case 'evaluate':
      return runEvaluate(signal, command.value, console);
    case 'analyze':
      return runAnalyze(signal, command.value, console);
    case 'table':
      return tellResult(signal, await makeTable(signal, command.value, progressIn(console)), (paths) => paths.join('\n'), console);
    case 'compare':
      return tellResult(signal, await comparePacks(signal, command.value, progressIn(console)), describeComparison, console);
    case 'fetch': {
      const { id } = command.value;
      const fetched = await fetchPack(signal, command.value, progressOf('Fetched', console));
      return tellResult(signal, fetched, (folder) => `${id} is in ${folder}`, console);
    }
    default:
      return assertNever(command.value);
  }
}

async function runAnalyze(signal: AbortSignal, command: AnalyzeCommand, console: Console): Promise<number> {
  const files = await picturesOf(command.files);
  if (!files.ok) return giveUp(signal, files.error, console);
  const { format, out } = command;
  const place = format === null ? ok(undefined) : await tryExport({ files: files.value, format, out });
  if (!place.ok) return giveUp(signal, place.error, console);
  const engine = await openEngine(signal, command, progressOf('Loading', console));
  if (!engine.ok) return giveUp(signal, engine.error, console);
  try {
    const isWhole = await analyzeFiles(signal, engine.value, { ...command, files: files.value }, console);
    return signal.aborted ? STOPPED : isWhole ? 0 : FAILED;
  } finally {
    await engine.value.dispose();
  }
}

function tellResult<T>(signal: AbortSignal, result: Result<T>, wordsOf: (value: T) => string, console: Console): number {
  if (!result.ok) return giveUp(signal, result.error, console);
  console.out(`${wordsOf(result.value)}\n`);
  return 0;
}

async function runEvaluate(signal: AbortSignal, command: EvaluateCommand, console: Console): Promise<number> {
  const place = await tryToWrite(command.out, 'report');
  if (!place.ok) return giveUp(signal, place.error, console);
  const labels = await readLabels(command);
  if (!labels.ok) return giveUp(signal, labels.error, console);
  const engine = await openEngine(signal, command, progressOf('Loading', console));
  if (!engine.ok) return giveUp(signal, engine.error, console);
  try {
    const report = await evaluateFolder(signal, engine.value, labels.value, command, progressOf('Judged', console));
    if (!report.ok) return giveUp(signal, report.error, console);
    const { value } = report;
    const figures =
      'accuracy' in value
        ? `accuracy ${value.accuracy.toFixed(3)}, macro-F1 ${value.macro_f1.toFixed(3)}, majority class ${value.majority_accuracy.toFixed(3)}`
        : `concordance: valence ${value.valence.concordance.toFixed(3)}, arousal ${value.arousal.concordance.toFixed(3)}`;
    const skipped = value.skipped.length === 0 ? '' : `, ${value.skipped.length} skipped`;
    console.out(`${value.task}, n ${value.n}${skipped}: ${figures}. Report: ${command.out}\n`);
    if (!value.stopped) return 0;
    console.error(`Stopped after ${value.n + value.skipped.length} of ${value.rows} rows: the report is of these.\n`);
    return STOPPED;
  } finally {
    await engine.value.dispose();
  }
}

function giveUp(signal: AbortSignal, error: WireError, console: Console): number {
  console.error(`${describeError(error)}\n`);
  if (signal.aborted) return STOPPED;
  return error.code === 'usage' ? WRONG_USAGE : FAILED;
}

/** As `progressOf`, for work of several kinds. */
function progressIn(console: Console): (what: string, done: number, total: number) => void {
  return (what, done, total) => progressOf(what, console)(done, total);
}

/** One line on a terminal that overwrites itself; nothing where the output is no terminal. */
function progressOf(what: string, console: Console): (done: number, total: number) => void {
  if (!process.stderr.isTTY) return () => {};
  return (done, total) => {
    const isBytes = total > 1_000_000;
    const amount = isBytes ? `${Math.round(done / 1e6)} of ${Math.round(total / 1e6)} MB` : `${done} of ${total}`;
    console.error(`\r${what} ${amount}\u001b[K${done >= total ? '\r\u001b[K' : ''}`);
  };
}
