/** soak.json → SOAK.md. Every figure there comes from here. */
export const GOALS = { lost: 0, slopeMB: 1, ageMs: 200 };

/** @param {number | null | undefined} value @param {number} [digits] */
const figure = (value, digits = 0) => (typeof value === 'number' && Number.isFinite(value) ? value.toFixed(digits) : '–');

/** @param {string[]} head @param {string[][]} rows @returns {string[]} */
function table(head, rows) {
  const widths = head.map((cell, column) => Math.max(3, ...[head, ...rows].map((row) => (row[column] ?? cell).length)));
  const line = (/** @type {string[]} */ cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)];
}

/** What of a part's goals is missed, in words; ages are asked of the camera alone. @param {Record<string, any>} part @returns {string[]} */
export function missed(part) {
  const faults = [...part.faults];
  if (part.lost > GOALS.lost) faults.push(`${part.lost} lost, none may be`);
  if (part.whole && part.explained < part.explainAsked) faults.push(`${part.explained} of ${part.explainAsked} explanations were written`);
  if (!(part.slopeMB < GOALS.slopeMB)) faults.push(`memory grows by ${figure(part.slopeMB, 2)} MB a minute, ${GOALS.slopeMB} is the limit`);
  if (part.name === 'camera' && !(part.age?.p99 < GOALS.ageMs))
    faults.push(`the 99th percentile of a frame's age is ${figure(part.age?.p99)} ms, ${GOALS.ageMs} is the limit`);
  return faults;
}

/** @param {Record<string, any>} part */
function partLines(part) {
  const { machine } = part;
  const title = part.name === 'camera' ? 'Live camera, an explanation every 30 s' : `Queue of ${part.files} files, a tenth broken`;
  const changed = machine.changedFiles > 0 ? `, with ${machine.changedFiles} files changed since` : '';
  const rows = [
    ['minutes', `${figure(part.minutes, 1)}${part.whole ? '' : ` of ${part.asked}: it was cut off`}`, ''],
    ['frames read', figure(part.frames), ''],
    ['readings (faces)', figure(part.faces), ''],
    ['lost', figure(part.lost), `${GOALS.lost}`],
    ['rows kept in the browser’s storage', figure(part.keptRows), ''],
    ['explanations written, of those asked for', `${figure(part.explained)} of ${figure(part.explainAsked)}`, 'all'],
    ['memory of the tab, MB a minute after warm-up', figure(part.slopeMB, 2), `< ${GOALS.slopeMB}`],
    ['memory of the tab, early → late (peak), MB', `${figure(part.earlyMB)} → ${figure(part.lateMB)} (${figure(part.peakMB)})`, ''],
    [
      'the page’s JavaScript, swept, early → late, MB (a minute)',
      `${figure(part.heapEarlyMB, 1)} → ${figure(part.heapLateMB, 1)} (${figure(part.sweptSlopeMB, 2)})`,
      '',
    ],
    ['age of a frame, p50 / p95 / p99, ms', part.age ? `${part.age.p50} / ${part.age.p95} / ${part.age.p99}` : '–', part.name === 'camera' ? `p99 < ${GOALS.ageMs}` : ''],
    ['long tasks of the page (over 50 ms), longest ms', `${figure(part.tasks?.count)}, ${figure(part.tasks?.longestMs)}`, ''],
  ].filter(([what]) => part.name === 'camera' || !/explanations|age of a frame/.test(what ?? ''));
  const faults = missed(part);
  return [
    `## ${title}`,
    '',
    `${part.made}, \`${part.command}\`. ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}; Chromium ${machine.chromium}, headless. EmoLLM at ${machine.commit}${changed}.${
      typeof part.others === 'number' ? ` Others used ${figure(100 * part.others, 1)} % of the machine meanwhile.` : ''
    }`,
    '',
    ...table(['what', 'figure', 'goal'], rows),
    '',
    faults.length === 0 ? 'All goals are met.' : `Missed: ${faults.join('; ')}.`,
    '',
  ];
}

/** @param {Record<string, any>} results by part @returns {string} */
export function report(results) {
  const parts = ['camera', 'queue'].flatMap((name) => (results[name] ? partLines(results[name]) : []));
  return `${['# Soak', '', 'Written by `npm run soak`; [README.md](README.md) says what is measured.', '', ...parts].join('\n').trimEnd()}\n`;
}
