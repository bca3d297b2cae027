/** `ours.html?job=fast|language|frames|prompts`: our engine behind its own worker, as the page uses it. */
import { measure as fast } from './ours-fast.js';
import { measurePrompts, measureSet } from './ours-growth.js';
import { measure as language } from './ours-language.js';
import { tell } from './outcome.js';

const JOBS = { fast, language, frames: measureSet, prompts: measurePrompts };

void tell((query) => JOBS[query.get('job')](query));
