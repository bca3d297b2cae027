import { Image, Quote, ScanFace } from 'lucide-react';
import type { Evidence } from '../shared/readings.ts';
import { type Explanation, itemOfRun } from './analysis-state.ts';
import { messages } from './messages.ts';
import { nameOf, personOf } from './people.ts';
import { useAppState, useSession } from './session-context.ts';

/** What a step points at; hover, focus or tap shows its place on the stage. */
export function EvidenceChips({ run, evidence }: { run: Explanation; evidence: Evidence[] }) {
  if (evidence.length === 0) return null;
  return (
    <ul className="chips">
      {evidence.map((each) => (
        <li key={chipKey(each)}>
          <Chip run={run} evidence={each} />
        </li>
      ))}
    </ul>
  );
}

function Chip({ run, evidence }: { run: Explanation; evidence: Evidence }) {
  const { controller } = useSession();
  const shown = useAppState(
    (state) =>
      state.highlight?.runId === run.runId && state.highlight.evidence?.some((each) => chipKey(each) === chipKey(evidence)) === true,
  );
  const isUntrue = (evidence.kind === 'claim' || evidence.kind === 'shown') && !evidence.holds;
  const unmeasured = isUntrue || (evidence.kind === 'action-unit' && evidence.faceIds.length === 0);
  const isTyped = run.wordsGiven !== undefined && (evidence.kind === 'words' || evidence.kind === 'claim');
  const point = () => controller.moment.point(run, [evidence]);
  const leave = () => controller.moment.point(run, null);
  return (
    <button
      type="button"
      className="chip"
      data-kind={evidence.kind}
      data-unmeasured={unmeasured}
      aria-pressed={shown}
      title={unmeasured ? (isUntrue ? messages.notSo : messages.notMeasured) : isTyped ? messages.words.noPlace : undefined}
      onPointerEnter={(event) => event.pointerType === 'mouse' && point()}
      onPointerLeave={(event) => event.pointerType === 'mouse' && leave()}
      onFocus={point}
      onBlur={leave}
      onClick={point}
    >
      <ChipText run={run} evidence={evidence} />
    </button>
  );
}

function ChipText({ run, evidence }: { run: Explanation; evidence: Evidence }) {
  switch (evidence.kind) {
    case 'action-unit':
      return (
        <>
          <b>{evidence.code}</b> {messages.actionUnits[evidence.code] ?? ''}
        </>
      );
    case 'face':
      return (
        <>
          <ScanFace size={14} aria-hidden="true" /> <FaceLabel run={run} faceId={evidence.faceId} />
        </>
      );
    case 'words': {
      const words = run.wordsGiven?.trim() ?? evidence.lines.flatMap((index) => run.words?.[index]?.text ?? []).join(' ');
      return (
        <>
          <Quote size={13} aria-hidden="true" /> {run.wordsGiven === undefined ? messages.fromWords : messages.words.asTyped}
          {words !== '' && <q>{words}</q>}
        </>
      );
    }
    case 'claim':
      return (
        <>
          <Quote size={13} aria-hidden="true" /> {messages.textClaim(evidence.phrase)}
        </>
      );
    case 'shown':
      return (
        <>
          <ScanFace size={14} aria-hidden="true" /> {evidence.phrase}
        </>
      );
    case 'scene':
      return (
        <>
          <Image size={14} aria-hidden="true" /> {messages.fromScene}
        </>
      );
  }
}

function FaceLabel({ run, faceId }: { run: Explanation; faceId: number }) {
  return useAppState((state) => {
    const people = itemOfRun(state, run.runId)?.people;
    if (!people) return messages.fromFace(faceId);
    return nameOf(people, faceId) ?? messages.fromFace(personOf(people, faceId));
  });
}

function chipKey(evidence: Evidence): string {
  switch (evidence.kind) {
    case 'action-unit':
      return evidence.code;
    case 'face':
      return `face ${evidence.faceId}`;
    case 'words':
      return `words ${evidence.lines.join()}`;
    case 'claim':
    case 'shown':
      return `${evidence.kind} ${evidence.phrase}`;
    case 'scene':
      return 'scene';
  }
}
