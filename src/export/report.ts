/**
 * A report that stands alone: one HTML file, no script, no request (its own policy forbids both), every text escaped.
 * Per input and face: how long which emotion, mean valence and arousal, a chart over time; then the explanations with
 * their steps and evidence, and what made it all.
 */
import { EMOTION_LABELS, STEPS } from '../shared/labels.ts';
import type { Evidence, Reading } from '../shared/readings.ts';
import { escapeHtml } from './html.ts';
import { provenance } from './provenance.ts';
import { faceChart, timeSpan } from './report-chart.ts';
import { answerText, facesOf, readingsOf, type Segment, segments } from './segments.ts';
import { faceLabel, type Session, type SessionExplanation, type SessionItem, wordLines } from './session.ts';

const EMOTIONS: readonly Reading['emotion'][] = [...EMOTION_LABELS, 'uncertain'];

/** As on the page, light and dark; each stands beside its word. */
const COLOURS: Record<Reading['emotion'], string> = {
  neutral: 'light-dark(#5c6875, #aeb9c6)',
  happiness: 'light-dark(#9a5d00, #f4bb48)',
  surprise: 'light-dark(#b02c83, #f394d3)',
  sadness: 'light-dark(#2a62c9, #86b4ff)',
  anger: 'light-dark(#bd2f1e, #ff8573)',
  disgust: 'light-dark(#40761a, #98d568)',
  fear: 'light-dark(#7340c4, #bfa4ff)',
  contempt: 'light-dark(#85525d, #dda9b3)',
  uncertain: 'light-dark(#696b6d, #9ca2a8)',
};

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 780px; margin: 0 auto; padding: 24px; background: light-dark(#f8f7f4, #181b1e); color: light-dark(#1d1f21, #eceae6); }
h1 { font-size: 24px; } h2 { margin-top: 40px; font-size: 20px; } h3 { font-size: 16px; } h4, h5 { margin: 12px 0 0; font-size: 15px; }
h5 { text-transform: capitalize; } h5 + p { margin-top: 2px; }
h2, p, dd, td { overflow-wrap: anywhere; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 2px 16px 2px 0; text-align: start; font-weight: 400; } thead th { font-weight: 600; } td.n { text-align: end; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; } dt { grid-column: 1; } dd { grid-column: 2; margin: 0; }
svg { display: block; width: 100%; margin: 8px 0; } .key { display: inline-block; width: 11px; height: 11px; margin-inline-end: 7px; border-radius: 3px; }
.valence, .arousal { fill: none; stroke: currentColor; stroke-width: 1.4; } .arousal { stroke-dasharray: 4 3; } .axis { stroke: currentColor; stroke-opacity: .25; }
small, .soft { color: light-dark(#5b5d5f, #a3a8ad); } article { margin: 16px 0; padding: 1px 16px 12px; border-radius: 10px; background: light-dark(#fff, #212529); }
${EMOTIONS.map((name) => `.e-${name} { fill: ${COLOURS[name]}; background: ${COLOURS[name]}; }`).join('\n')}
`;

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** @param at when the report is made */
export function reportHtml(session: Session, at: Date): string {
  const title = session.items.length === 1 ? `EmoLLM: ${session.items[0]?.name}` : 'EmoLLM report';
  return [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${escapeHtml(POLICY)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    `<h1>${escapeHtml(title)}</h1>`,
    '<p>Expressions of faces as a program reads them: they say little about what someone feels, and nothing about why.</p>',
    ...session.items.map(itemSection),
    madeBy(session, at),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function itemSection(item: SessionItem): string {
  const all = segments(item);
  const span = timeSpan(item, all);
  const faces = facesOf(item);
  return [
    '<section>',
    `<h2>${escapeHtml(item.name)}</h2>`,
    `<p class="soft">${item.kind}${item.width > 0 ? `, ${item.width} × ${item.height} px` : ''}${span ? `, ${span.start.toFixed(1)} to ${span.end.toFixed(1)} s` : ''}</p>`,
    ...(faces.length === 0 ? ['<p>No face was read.</p>'] : []),
    ...faces.map((faceId) => {
      const own = all.filter((segment) => segment.faceId === faceId);
      const label = faceLabel(item, faceId);
      return [
        `<h3>${escapeHtml(label[0]?.toUpperCase() + label.slice(1))}</h3>`,
        span ? faceChart(item, faceId, own, span, `${label}: emotions, valence and arousal over time`) : '',
        span ? '<p><small>Strip: the emotion. Solid line: valence, dashed: arousal, from −1 to 1 around the axis.</small></p>' : '',
        summary(readingsOf(item, faceId), own),
      ].join('\n');
    }),
    ...(item.explanations.length > 0 ? ['<h3>Explanations</h3>'] : []),
    ...item.explanations.map((explanation) => explanationArticle(item, explanation)),
    '</section>',
  ].join('\n');
}

/** Of a moment the probabilities; of a longer time how much of it was read as what. */
function summary(readings: readonly Reading[], own: readonly Segment[]): string {
  const mean = (of: (reading: Reading) => number) => readings.reduce((sum, reading) => sum + of(reading), 0) / readings.length;
  const duration = own.reduce((sum, { start, end }) => sum + end - start, 0);
  const shares = EMOTIONS.map((emotion) => {
    if (duration === 0) return { emotion, share: emotion === 'uncertain' ? 0 : mean((reading) => reading.probabilities[emotion]) };
    const time = own.filter((segment) => segment.emotion === emotion).reduce((sum, { start, end }) => sum + end - start, 0);
    return { emotion, share: time / duration };
  });
  const rows = shares
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share)
    .map(
      ({ emotion, share }) =>
        `<tr><th scope="row"><span class="key e-${emotion}"></span>${emotion}</th><td class="n">${(share * 100).toFixed(1)}%</td></tr>`,
    );
  const count = readings.length === 1 ? '1 reading' : `${readings.length} readings`;
  return [
    '<table>',
    `<thead><tr><th scope="col">Emotion</th><th scope="col">${duration === 0 ? 'Probability' : 'Share of time'}</th></tr></thead>`,
    `<tbody>${rows.join('')}</tbody>`,
    '</table>',
    `<p>Mean valence ${mean((reading) => reading.valence).toFixed(2)}, mean arousal ${mean((reading) => reading.arousal).toFixed(2)}; ${count}${duration > 0 ? `, ${duration.toFixed(1)} s in view` : ''}.</p>`,
  ].join('\n');
}

function explanationArticle(item: SessionItem, explanation: SessionExplanation): string {
  const { task, time, outcome, steps, evidence, answer, error } = explanation;
  const moment = item.kind === 'picture' ? '' : ` at ${time.toFixed(2)} s`;
  const parts = STEPS.filter((step) => steps[step] !== '').map((step) => {
    const chips = evidence[step].map((each) => evidenceText(item, each)).join('; ');
    return `<h5>${step}</h5><p>${escapeHtml(step === 'answer' ? answerText(explanation) : steps[step])}${chips && ` <small>[${escapeHtml(chips)}]</small>`}</p>`;
  });
  const options = (answer?.distribution ?? []).map(({ option, probability }) => `${option} ${(probability * 100).toFixed(1)}%`);
  return [
    '<article>',
    `<h4>Task ${escapeHtml(task)}${moment}${outcome === 'done' ? '' : `, ${outcome}`}</h4>`,
    ...(error ? [`<p>${escapeHtml(error.message)}</p>`] : []),
    ...parts,
    ...(options.length > 0 ? [`<p class="soft">${escapeHtml(options.join(', '))}</p>`] : []),
    ...wordsParagraph(explanation),
    '</article>',
  ].join('\n');
}

function wordsParagraph(explanation: SessionExplanation): string[] {
  const lines = wordLines(explanation);
  const isGiven = explanation.wordsGiven !== undefined;
  if (lines.length === 0 && !isGiven) return [];
  return [`<p class="soft">Words${isGiven ? ' as typed' : ''}: ${escapeHtml(lines.join(' / ') || 'none')}</p>`];
}

function evidenceText(item: SessionItem, evidence: Evidence): string {
  switch (evidence.kind) {
    case 'action-unit': {
      const faces = evidence.faceIds.map((id) => faceLabel(item, id));
      return `${evidence.code} ${faces.length > 0 ? `on ${faces.join(', ')}` : 'not measured'}`;
    }
    case 'face':
      return faceLabel(item, evidence.faceId);
    case 'claim':
      return `text ${evidence.phrase}${evidence.holds ? '' : ': not so'}`;
    case 'shown':
      return `${evidence.phrase}${evidence.holds ? '' : ': not so'}`;
    case 'words':
    case 'scene':
      return evidence.kind;
  }
}

function madeBy(session: Session, at: Date): string {
  const { app, pack, graphs, adapter, threads, settings, inputs, notes } = provenance(session, at);
  const prompts = inputs.flatMap((input) => input.prompts.map(({ task, sha256 }) => `${input.name}, ${task}: ${sha256}`));
  const sampled = inputs.map(
    ({ name, sampling }) =>
      `${name}: ${sampling.frames} ${sampling.frames === 1 ? 'frame' : 'frames'} with a face${sampling.interval === null ? '' : `, one each ${sampling.interval.toFixed(3)} s (median)`}`,
  );
  const facts: [string, string[]][] = [
    ['Made', [at.toISOString()]],
    ['Program', [`${app.name} ${app.version}`]],
    ['Pack', pack ? [`${pack.id} ${pack.version}`, `sha256 ${pack.sha256}`] : ['none']],
    ['Graphs', graphs.map(({ graph, backend, dtype }) => `${graph}: ${backend}, ${dtype}`)],
    ['Adapter', [adapter ?? 'none']],
    ['Threads', [String(threads ?? 'unknown')]],
    ['Settings', Object.entries(settings).map(([name, value]) => `${name}: ${value}`)],
    ['Sampling', sampled],
    ['Prompts, sha256', prompts],
    ['Notes', notes],
  ];
  const entries = facts
    .filter(([, lines]) => lines.length > 0)
    .map(([name, lines]) => `<dt>${name}</dt>${lines.map((line) => `<dd>${escapeHtml(line)}</dd>`).join('')}`);
  return `<section>\n<h2>What made this</h2>\n<dl>\n${entries.join('\n')}\n</dl>\n</section>`;
}
