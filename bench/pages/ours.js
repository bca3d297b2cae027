/** `ours.html?job=fast|language`: our engine behind its own worker, as the page uses it. */
import { measure as fast } from './ours-fast.js';
import { measure as language } from './ours-language.js';
import { tell } from './outcome.js';

void tell((query) => (query.get('job') === 'fast' ? fast(query) : language(query)));
