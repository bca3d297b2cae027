/** What the page must know of a pack that it has not loaded: its options, and how large it is. */
import * as v from 'valibot';
import { wireError } from '../shared/errors.ts';
import type { TaskOptions } from '../shared/evaluation.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { isWebPage } from '../shared/web-page.ts';
import { messages } from './messages.ts';

const words = v.array(v.string());
const task = v.object({ options: words });
const manifest = v.object({
  id: v.string(),
  version: v.string(),
  files: v.array(v.object({ bytes: v.pipe(v.number(), v.minValue(0)) })),
  prompt: v.object({
    pictureEmotions: words,
    tasks: v.object({ emotion: task, 'emotion-open': task, intent: task, hate: task, sarcasm: task, humor: task }),
  }),
});

export interface PackFacts {
  id: string;
  version: string;
  /** Of all its files. */
  bytes: number;
  options: TaskOptions;
}

/**
 * Fails with `pack-missing` where there is none, `pack-corrupt` where it is not understood.
 * @param packUrl absolute, ending in `/`
 */
export async function fetchPackFacts(packUrl: string, signal: AbortSignal): Promise<Result<PackFacts>> {
  try {
    const response = await fetch(new URL('manifest.json', packUrl), { credentials: 'same-origin', signal });
    if (!response.ok || isWebPage(response)) return fail(wireError('pack-missing', ...messages.evaluation.refused.noPack, packUrl));
    return parsePackFacts(await response.json());
  } catch (error) {
    return fail(wireError('pack-missing', ...messages.evaluation.refused.noPack, String(error)));
  }
}

/** Fails with `pack-corrupt`. */
export function parsePackFacts(input: unknown): Result<PackFacts> {
  const parsed = v.safeParse(manifest, input);
  if (!parsed.success) return fail(wireError('pack-corrupt', ...messages.evaluation.refused.badPack, parsed.issues[0].message));
  const { id, version, files, prompt } = parsed.output;
  return ok({ id, version, bytes: files.reduce((sum, file) => sum + file.bytes, 0), options: prompt });
}
