/** What all kinds of manifests have in common at the door: a format that this version reads, and a schema. */
import * as v from 'valibot';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';

export const MANIFEST_REMEDY = 'Get the pack again from where it came.';

/** Says where it is wrong. Fails with `pack-unsupported` (a later format) or `pack-corrupt`. */
export function parseFormat<Schema extends v.GenericSchema>(schema: Schema, input: unknown): Result<v.InferOutput<Schema>> {
  if (typeof input === 'object' && input !== null && 'format' in input && typeof input.format === 'number' && input.format > 1) {
    return fail(
      wireError(
        'pack-unsupported',
        `This pack has format ${input.format}; this version reads format 1.`,
        'Update the app, or use an older pack.',
      ),
    );
  }
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return ok(parsed.output);
  const issue = parsed.issues[0];
  const detail = `${v.getDotPath(issue) ?? 'manifest'}: ${issue.message}`;
  return fail(wireError('pack-corrupt', 'The pack’s manifest is not valid.', MANIFEST_REMEDY, detail));
}
