/** Files from outside, read in a worker of their own, which ends with them. */
import type { SessionReading } from '../export/session.ts';
import { wireError } from '../shared/errors.ts';
import type { EvaluationReport, EvaluationTask, TaskOptions } from '../shared/evaluation.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { CheckedLabels } from './evaluation-guess.ts';
import { reportRefused, sessionBroken } from './file-refusals.ts';
import type { LabelledFolder } from './labelled-folder.ts';
import { messages } from './messages.ts';
import type { KeptItem, KeptSession, SessionRecord } from './session-record.ts';

/** What the page asks of the worker. */
export type FileWish =
  | { kind: 'session'; file: Blob; id: string }
  | { kind: 'report'; file: Blob }
  | ({ kind: 'labels'; options: TaskOptions; task: EvaluationTask | null } & LabelsOfFolder);

type LabelsOfFolder = Pick<LabelledFolder, 'name' | 'labels' | 'paths' | 'base'>;

/** `task`: the one that was asked for, else that which the labels fit; null where none does: then the faces' labels stand for all. */
export interface LabelsRead {
  task: EvaluationTask | null;
  checked: Result<CheckedLabels>;
}

/** What the worker tells: pieces in their order, the whole without them at the end. */
export type FilePiece =
  | { kind: 'item'; item: KeptItem }
  /** Of the item before. */
  | { kind: 'readings'; rows: SessionReading[] }
  | { kind: 'session'; record: SessionRecord }
  | { kind: 'judged'; rows: NonNullable<EvaluationReport['items']> }
  | { kind: 'report'; report: EvaluationReport; text: string }
  | ({ kind: 'labels' } & LabelsRead)
  | { kind: 'failed'; detail: string };

/** As `unpackSession`, which says what may go wrong. */
export function readSessionFile(file: Blob, id: string): Promise<Result<KeptSession>> {
  const items: KeptItem[] = [];
  return read({ kind: 'session', file, id }, (piece) => {
    if (piece.kind === 'item') items.push(piece.item);
    else if (piece.kind === 'readings') for (const row of piece.rows) items.at(-1)?.readings.push(row);
    else if (piece.kind === 'session') return ok({ record: piece.record, items });
    else if (piece.kind === 'failed') return fail(sessionBroken(piece.detail));
    return null;
  });
}

/** As `readReport`. */
export function readReportFile(file: Blob): Promise<Result<{ report: EvaluationReport; text: string }>> {
  const items: unknown[] = [];
  return read({ kind: 'report', file }, (piece) => {
    if (piece.kind === 'judged') for (const row of piece.rows) items.push(row);
    else if (piece.kind === 'report') {
      const { report, text } = piece;
      return ok({ report: report.items ? ({ ...report, items } as EvaluationReport) : report, text });
    } else if (piece.kind === 'failed') return fail(reportRefused(piece.detail));
    return null;
  });
}

/** What is in a folder's labels.csv. Fails with `labels-invalid` where it could not be read at all. @param task null: the one that fits */
export function readLabels(
  { name, labels, paths, base }: LabelsOfFolder,
  options: TaskOptions,
  task: EvaluationTask | null,
): Promise<Result<LabelsRead>> {
  return read({ kind: 'labels', name, labels, paths, base, options, task }, (piece) => {
    if (piece.kind === 'labels') return ok({ task: piece.task, checked: piece.checked });
    if (piece.kind === 'failed') return fail(wireError('labels-invalid', ...messages.evaluation.refused.labelsTooLarge, piece.detail));
    return null;
  });
}

function read<T>(wish: FileWish, take: (piece: FilePiece) => Result<T> | null): Promise<Result<T>> {
  const worker = new Worker(new URL('./file-reader-worker.ts', import.meta.url), { type: 'module', name: 'file-reader' });
  return new Promise<Result<T>>((resolve) => {
    const end = (piece: FilePiece): void => {
      const result = take(piece);
      if (!result) return;
      worker.terminate();
      resolve(result);
    };
    worker.onmessage = ({ data }: MessageEvent<FilePiece>) => end(data);
    // Out of memory, or its script could not be had.
    worker.onerror = (event) => {
      event.preventDefault();
      end({ kind: 'failed', detail: event.message ?? 'the reader ended' });
    };
    worker.postMessage(wish);
  });
}
