import { isCalibrated } from '../export/session.ts';
import type { Explanation } from './analysis-state.ts';
import { messages } from './messages.ts';

/** Which model wrote an explanation, and how it was asked, where that is not as usual. */
export function MadeByLine({ run }: { run: Explanation }) {
  const facts: string[] = [];
  if (run.madeBy?.foundation) facts.push(run.madeBy.foundation.id);
  if (run.prompting) facts.push(messages.promptings[run.prompting]);
  if (!isCalibrated(run)) facts.push(messages.packs.uncalibrated);
  return facts.length === 0 ? null : <p className="explanation-made">{facts.join(' · ')}</p>;
}
