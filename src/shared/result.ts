import type { WireError } from './errors.ts';

/** A value or an expected failure. */
export type Result<T> = { ok: true; value: T } | { ok: false; error: WireError };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const fail = (error: WireError): Result<never> => ({ ok: false, error });

/** For the default branch of a switch over a closed union: a missing case is a compile error. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
