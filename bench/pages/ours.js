/** `ours.html?job=fast|language|frames|prompts|profile`: our engine behind its own worker, as the page uses it. */
import { trustOwnScripts } from '../../src/ui/trusted-types.ts';
import { measure as fast } from './ours-fast.js';
import { measurePrompts, measureSet } from './ours-growth.js';
import { measure as language } from './ours-language.js';
import { measure as profile } from './ours-profile.js';
import { tell } from './outcome.js';

const JOBS = { fast, language, frames: measureSet, prompts: measurePrompts, profile };

trustOwnScripts();
void tell((query) => JOBS[query.get('job')](query));
