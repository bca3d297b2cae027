import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { holds } from '../../scripts/property.ts';
import { STEPS } from '../shared/labels.ts';
import { FoundationParser, type ParsedEvent } from './foundation-parser.ts';

const piece = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    'Observe:',
    '**Cues:**',
    '\nReason: ',
    '2. Answer:',
    'final answer:',
    '## ',
    '\n',
    '. ',
    'for that reason: ',
    'Observation',
    ':',
    '**',
    '- ',
    'Answer: yes',
  ),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

function told(written: string, cuts: readonly number[], stopAtAnswer: boolean) {
  const parser = new FoundationParser(stopAtAnswer);
  const events: ParsedEvent[] = [];
  const letters = [...written];
  for (let at = 0, cut = 0; at < letters.length; cut += 1) {
    const length = cuts[cut % cuts.length] ?? 1;
    events.push(...parser.push(letters.slice(at, at + length).join('')));
    at += length;
  }
  events.push(...parser.end());
  return {
    steps: events.flatMap((event) => (event.type === 'step' ? [event.step] : [])),
    ends: events.flatMap((event) => (event.type === 'step-end' ? [event.text.replaceAll(/\s+/g, ' ').trim()] : [])),
    texts: STEPS.map((step) =>
      events
        .flatMap((event) => (event.type === 'text' && event.step === step ? [event.delta] : []))
        .join('')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    ).filter((each) => each !== ''),
  };
}

describe('FoundationParser', () => {
  holds(
    'never throws, tells each step once and in order, and what it tells is what it ends with',
    [text, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), fc.boolean()],
    (written, cuts, stop) => {
      const { steps, ends, texts } = told(written, cuts, stop);
      expect(steps).toEqual(STEPS.filter((step) => steps.includes(step)));
      expect(ends.filter((each) => each !== '')).toEqual(texts);
    },
  );

  holds(
    'finds the same in whatever pieces it comes',
    [text, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), fc.boolean()],
    (written, cuts, stop) => {
      expect(told(written, cuts, stop)).toEqual(told(written, [1], stop));
    },
  );
});
