/**
 * Tab-delimited text for ELAN (File > Import > CSV / Tab-delimited Text): tier, begin, end, annotation, in this order and
 * without a header, since ELAN's dialog takes the first line for data unless told otherwise. Times are `hh:mm:ss.mmm`, as
 * in ELAN's own export. Annotations of a tier never overlap: ELAN has no room for that.
 */
import { provenance } from './provenance.ts';
import { answered, answerText, cutSpan, explanationSpan, markSpan, segments, shownSpan } from './segments.ts';
import { faceLabel, type Session, type SessionItem } from './session.ts';
import { tsvTable } from './table.ts';
import { clockTime } from './webvtt.ts';

interface Annotation {
  tier: string;
  start: number;
  end: number;
  value: string;
}

/** One input's annotations: a tier for each face's emotion, for each task's answers, for each kind of mark and for cuts. A picture's last five seconds. */
export function elanText(item: SessionItem): string {
  const expressions = segments(item).map(
    (segment): Annotation => ({
      tier: `${faceLabel(item, segment.faceId)} emotion`,
      ...shownSpan(item, segment),
      value: segment.emotion,
    }),
  );
  const answers = answered(item).map(
    (explanation): Annotation => ({
      tier: `explanation ${explanation.task}`,
      ...explanationSpan(item, explanation),
      value: answerText(explanation),
    }),
  );
  const marks = (item.marks ?? []).map(
    (mark): Annotation => ({ tier: `mark ${mark.kind}`, ...markSpan(mark), value: mark.text || mark.kind }),
  );
  const cuts = (item.cuts ?? []).map((cut): Annotation => ({ tier: 'scene cut', ...cutSpan(cut), value: 'cut' }));
  const rows = withoutOverlap([...expressions, ...answers, ...marks, ...cuts]).map(({ tier, start, end, value }) => [
    tier,
    clockTime(start),
    clockTime(end),
    value,
  ]);
  return tsvTable(null, rows, '');
}

/** Each annotation ends where the next of its tier begins, at the latest; those that begin together become one. */
function withoutOverlap(annotations: Annotation[]): Annotation[] {
  const last = new Map<string, Annotation>();
  const kept: Annotation[] = [];
  for (const annotation of annotations.toSorted((a, b) => a.start - b.start)) {
    const before = last.get(annotation.tier);
    if (before?.start === annotation.start) {
      before.value = `${before.value}; ${annotation.value}`;
      before.end = Math.max(before.end, annotation.end);
      continue;
    }
    if (before) before.end = Math.min(before.end, annotation.start);
    const copy = { ...annotation };
    last.set(copy.tier, copy);
    kept.push(copy);
  }
  return kept.sort((a, b) => a.tier.localeCompare(b.tier) || a.start - b.start);
}

/** How to import `elanText`, and what made it, as JSON. */
export function elanSidecar(session: Session, at: Date): string {
  const about = {
    format: 'ELAN tab-delimited text',
    import: 'File > Import > CSV / Tab-delimited Text. Columns: 1 Tier, 2 Begin time, 3 End time, 4 Annotation. First row of data: 1.',
    provenance: provenance(session, at),
  };
  return `${JSON.stringify(about, null, 2)}\n`;
}
