/**
 * Reads what comes from outside where nobody waits for it: a session's archive, an evaluation's labels and reports. Its pieces go to the page one by one,
 * since a page takes as long to receive a million readings as to make them. Speaks to `file-reader.ts` alone.
 */
import type { WireError } from '../shared/errors.ts';
import type { EvaluationReport } from '../shared/evaluation.ts';
import { readReport } from './evaluation-file.ts';
import { checkLabels, guessTask } from './evaluation-guess.ts';
import type { FilePiece, FileWish } from './file-reader.ts';
import { finder } from './labelled-folder.ts';
import { unpackSession } from './session-archive.ts';

/** A message of so many takes a page some milliseconds. */
const ROWS_A_MESSAGE = 1000;

const tell = (piece: FilePiece): void => self.postMessage(piece);

self.onmessage = async ({ data }: MessageEvent<FileWish>) => {
  if (data.kind === 'session') await tellSession(data.file, data.id);
  else if (data.kind === 'report') await tellReport(data.file);
  else {
    const { options, labels, base, paths } = data;
    const task = data.task ?? guessTask(data, options);
    const indexOf = finder(base, paths);
    tell({ kind: 'labels', task, checked: checkLabels({ labels, has: (file) => indexOf(file) !== null }, task ?? 'faces', options) });
  }
};

async function tellSession(file: Blob, id: string): Promise<void> {
  const unpacked = await unpackSession(file, id);
  if (!unpacked.ok) return failed(unpacked.error);
  const { record, items } = unpacked.value;
  for (const { readings, ...item } of items) {
    tell({ kind: 'item', item: { ...item, readings: [] } });
    for (const rows of slices(readings)) tell({ kind: 'readings', rows });
  }
  tell({ kind: 'session', record });
}

async function tellReport(file: Blob): Promise<void> {
  const read = await readReport(file);
  if (!read.ok) return failed(read.error);
  const { report, text } = read.value;
  for (const rows of slices<unknown>(report.items ?? [])) tell({ kind: 'judged', rows: rows as NonNullable<EvaluationReport['items']> });
  tell({ kind: 'report', report: report.items ? { ...report, items: [] } : report, text });
}

function failed({ detail, message }: WireError): void {
  tell({ kind: 'failed', detail: detail ?? message });
}

function* slices<T>(all: readonly T[]): Generator<T[]> {
  for (let at = 0; at < all.length; at += ROWS_A_MESSAGE) yield all.slice(at, at + ROWS_A_MESSAGE);
}
