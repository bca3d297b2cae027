/** WebVTT (w3.org/TR/webvtt1) of one input: captions for people, metadata cues (JSON) for programs. */
import { STEPS } from '../shared/labels.ts';
import { provenance } from './provenance.ts';
import { answered, answerProbability, answerText, cutSpan, explanationSpan, markSpan, segments, shownSpan } from './segments.ts';
import { faceLabel, faceName, type Session, type SessionItem, wordLines } from './session.ts';

interface Cue {
  start: number;
  end: number;
  text: string;
}

/** `HH:MM:SS.mmm`; hours may have more digits. */
export function clockTime(seconds: number): string {
  const all = Math.max(0, Math.round(seconds * 1000));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(all / 3_600_000)}:${two((all / 60_000) % 60)}:${two((all / 1000) % 60)}.${String(all % 1000).padStart(3, '0')}`;
}

/** JSON without `>`: an arrow in a comment or a cue would end it. */
const safeJson = (value: unknown, indent?: number): string => JSON.stringify(value, null, indent).replaceAll('>', '\\u003e');

/** One line, without markup: a blank line would end the cue. */
const safeLine = (text: string): string =>
  text.replaceAll(/\s+/g, ' ').trim().replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const percent = (probability: number): string => `${Math.round(probability * 100)}%`;

function file(session: Session, item: SessionItem, at: Date, cues: Cue[]): string {
  const note = `NOTE\n${safeJson(provenance({ ...session, items: [item] }, at), 1)}`;
  const blocks = cues
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map(({ start, end, text }) => `${clockTime(start)} --> ${clockTime(end)}\n${text}`);
  return `${['WEBVTT', note, ...blocks].join('\n\n')}\n`;
}

/**
 * Each face's emotion for as long as it stays the same, the explanations' answers from their moment on, and the user's marks. A picture's
 * cues last five seconds. What made them stands in a comment at the top, as JSON.
 */
export function captionsVtt(session: Session, item: SessionItem, at: Date): string {
  const expressions = segments(item).map((segment): Cue => {
    const certainty = segment.emotion === 'uncertain' ? 'uncertain' : `${segment.emotion}, ${percent(segment.probability)}`;
    const label = faceLabel(item, segment.faceId);
    return { ...shownSpan(item, segment), text: safeLine(`${label[0]?.toUpperCase()}${label.slice(1)}: ${certainty}`) };
  });
  const answers = answered(item).map((explanation): Cue => {
    const probability = answerProbability(explanation);
    const certainty = probability === null ? '' : `, ${percent(probability)}`;
    return { ...explanationSpan(item, explanation), text: safeLine(`[${explanation.task}] ${answerText(explanation)}${certainty}`) };
  });
  const marks = (item.marks ?? []).map(
    (mark): Cue => ({ ...markSpan(mark), text: safeLine(`[${mark.kind === 'text' ? 'note' : mark.kind}] ${mark.text}`) }),
  );
  return file(session, item, at, [...expressions, ...answers, ...marks]);
}

/** The same cues with all their numbers, and the cuts, a JSON object each: `type` is `expression`, `explanation`, `mark` or `scene_cut`. For `<track kind="metadata">`. */
export function metadataVtt(session: Session, item: SessionItem, at: Date): string {
  const expressions = segments(item).map((segment): Cue => {
    const { faceId, emotion, probability, valence, arousal, readings } = segment;
    const name = faceName(item, faceId);
    const text = safeJson({ type: 'expression', faceId, ...(name && { name }), emotion, probability, valence, arousal, readings });
    return { ...shownSpan(item, segment), text };
  });
  const explanations = answered(item).map((explanation): Cue => {
    const { task, outcome, steps, evidence, answer, wordsGiven } = explanation;
    const said = STEPS.map((step) => ({ step, text: steps[step], evidence: evidence[step] }));
    const text = safeJson({
      type: 'explanation',
      task,
      outcome,
      answer,
      steps: said,
      words: wordLines(explanation),
      ...(wordsGiven !== undefined && { wordsGiven: true }),
    });
    return { ...explanationSpan(item, explanation), text };
  });
  const marks = (item.marks ?? []).map((mark): Cue => {
    const { kind, time, end, text } = mark;
    return { ...markSpan(mark), text: safeJson({ type: 'mark', kind, time, end, text }) };
  });
  const cuts = (item.cuts ?? []).map((cut): Cue => ({ ...cutSpan(cut), text: safeJson({ type: 'scene_cut', ...cut }) }));
  return file(session, item, at, [...expressions, ...explanations, ...marks, ...cuts]);
}
