/** What the page says of files from outside that are not what they should be. Details are for a bug report. */
import { type WireError, wireError } from '../shared/errors.ts';
import { messages } from './messages.ts';

export function sessionBroken(detail: string): WireError {
  return wireError('session-broken', ...messages.sessions.notASession, detail);
}

export function reportRefused(detail: string): WireError {
  return wireError('file-unreadable', ...messages.evaluation.refused.notAReport, detail);
}
