/** Where the bench's things lie. */
import { join } from 'node:path';
import { ROOT } from '../scripts/house.mjs';

export { ROOT };
export const BENCH = join(ROOT, 'bench');
/** The built page, made anew by each run. */
export const DIST = join(BENCH, 'dist');
/** What is made once: frames, models of the peers. */
export const WORK = join(BENCH, 'work');
export const PACK = join(ROOT, 'public/models/emollm-s');
export const SAMPLE = join(ROOT, 'public/samples/astronaut.jpg');
/** Two seconds with one face. */
export const CLIP = join(ROOT, 'e2e/fixtures/clip.mp4');
