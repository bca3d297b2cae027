/** What becomes of a worker, in words for the user. Knows no worker. */
import { type WireError, wireError } from '../../shared/errors.ts';
import type { Fault } from '../../shared/faults.ts';
import { assertNever } from '../../shared/result.ts';

/** What a WebAssembly module says whose memory cannot be trusted any more: every later run of any graph would fail, or be wrong. */
const BROKEN_MODULE = /\bunreachable\b|memory access out of bounds|table index is out of bounds|already aborted|Aborted\(/i;

export const stopped = (): WireError => wireError('cancelled', 'Stopped.', 'What was written so far stays. Start it again when you like.');

/** Of a worker that ended with these words, its own or the browser's. */
export function crashFault(detail: string): Fault {
  return { kind: /out of memory|OOM|allocation failed/i.test(detail) ? 'out-of-memory' : 'worker-died', detail };
}

/** What the worker itself lives through, and is of no more use after. Null: it can go on. */
export function faultOfError({ code, message, detail = message }: WireError): Fault | null {
  if (code === 'device-lost' || code === 'out-of-memory') return { kind: code, detail };
  return code === 'graph-failed' && BROKEN_MODULE.test(detail) ? { kind: 'worker-died', detail } : null;
}

/** What the loss of one kind of worker is called, where it is its own. */
interface LossWords {
  died: (detail: string) => WireError;
  silent: (detail: string) => WireError;
}

/** Why a job came to no end: its worker is lost. */
export function lossError({ kind, detail }: Fault, { died, silent }: LossWords): WireError {
  switch (kind) {
    case 'out-of-memory':
      return wireError('out-of-memory', 'This device ran out of memory.', 'Close other tabs and programs, then start it again.', detail);
    case 'device-lost':
      return wireError(
        'device-lost',
        'The graphics device was lost.',
        'Start it again; if it happens again, choose another backend.',
        detail,
      );
    case 'hang':
      return silent(detail);
    case 'worker-died':
      return died(detail);
    default:
      return assertNever(kind);
  }
}
