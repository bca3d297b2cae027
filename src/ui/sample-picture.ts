/** The picture that comes with the page, for a first look and for the benchmark. */
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { messages } from './messages.ts';

/** Fails with `file-unreadable`. @param baseUrl the page's own address */
export async function fetchSample(baseUrl: string): Promise<Result<File>> {
  try {
    const response = await fetch(new URL('samples/astronaut.jpg', baseUrl));
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return ok(new File([await response.blob()], messages.sampleName, { type: 'image/jpeg' }));
  } catch (error) {
    return fail(wireError('file-unreadable', 'The sample is not there.', 'Open a picture of your own.', String(error)));
  }
}
