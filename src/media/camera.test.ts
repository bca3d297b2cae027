import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../shared/errors.ts';
import { cameraError } from './camera.ts';

const CAUSES: [name: string, message: string, code: ErrorCode][] = [
  ['NotFoundError', 'Requested device not found', 'camera-none'],
  ['OverconstrainedError', '', 'camera-none'],
  ['NotAllowedError', 'Permission denied', 'camera-denied'],
  ['NotAllowedError', 'Permission denied by system', 'camera-denied'],
  ['SecurityError', '', 'camera-denied'],
  ['NotReadableError', 'Could not start video source', 'camera-in-use'],
  ['AbortError', 'Starting videoinput failed', 'camera-in-use'],
  ['TypeError', 'anything else', 'camera-failed'],
];

describe('cameraError', () => {
  it.each(CAUSES)('%s (%s) → %s', (name, message, code) => {
    const error = cameraError(new DOMException(message, name));
    expect(error.code).toBe(code);
    expect(error.detail).toContain(name);
  });

  it('has another remedy for each cause', () => {
    const remedies = CAUSES.map(([name, message]) => cameraError(new DOMException(message, name)).remedy);
    // NotReadableError and AbortError are the same thing to a user.
    expect(new Set(remedies).size).toBe(CAUSES.length - 1);
  });
});
