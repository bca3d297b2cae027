import { describe, expect, it } from 'vitest';
import { FoundationParser, optionIn, type ParsedEvent } from './foundation-parser.ts';

/** Text by step, fed in pieces of `size` characters. */
function parse(text: string, { size = 3, stopAtAnswer = false } = {}) {
  const parser = new FoundationParser(stopAtAnswer);
  const events: ParsedEvent[] = [];
  for (let at = 0; at < text.length; at += size) events.push(...parser.push(text.slice(at, at + size)));
  events.push(...parser.end());
  const steps: Record<string, string> = {};
  for (const event of events) if (event.type === 'text') steps[event.step] = (steps[event.step] ?? '') + event.delta;
  const whole = Object.fromEntries(events.flatMap((event) => (event.type === 'step-end' ? [[event.step, event.text]] : [])));
  return { steps, whole, order: events.flatMap((event) => (event.type === 'step' ? [event.step] : [])), parser };
}

const FORM = {
  observe: 'One face, close.',
  cues: 'Cheeks raised (AU06).',
  reason: 'They move together, for that reason: a smile.',
  answer: 'happiness',
};

describe('FoundationParser', () => {
  it.each([
    ['four lines', `Observe: ${FORM.observe}\nCues: ${FORM.cues}\nReason: ${FORM.reason}\nAnswer: ${FORM.answer}`],
    ['one line', `Observe: ${FORM.observe} Cues: ${FORM.cues} Reason: ${FORM.reason} Answer: ${FORM.answer}`],
    ['markdown', `**Observe:** ${FORM.observe}\n\n- **Cues**: ${FORM.cues}\n\n### REASON: ${FORM.reason}\n\n**Answer:** ${FORM.answer}\n`],
    [
      'numbers and other words',
      `1. Observation: ${FORM.observe}\n2. Cues: ${FORM.cues}\n3. Reasoning: ${FORM.reason}\n4. Final answer: ${FORM.answer}`,
    ],
  ])('reads %s, in pieces of any size', (_, text) => {
    for (const size of [1, 2, 7, 1000]) {
      const { whole, steps, order } = parse(text, { size });
      expect(order).toEqual(['observe', 'cues', 'reason', 'answer']);
      expect(whole).toEqual(FORM);
      for (const [step, said] of Object.entries(steps)) expect(said.trim()).toBe(FORM[step as keyof typeof FORM]);
    }
  });

  it('takes text without a head for what was observed, and goes on at the next head that is there', () => {
    const { whole } = parse('A woman smiles. Answer: happiness');
    expect(whole).toEqual({ observe: 'A woman smiles.', answer: 'happiness' });
  });

  it('is over at the answer’s head where the answer is not read', () => {
    const parser = new FoundationParser(true);
    parser.push('Observe: A face.\nAnswer');
    expect(parser.isOver).toBe(false);
    parser.push(':');
    expect([parser.isOver, parser.isAnswering]).toEqual([true, true]);
    expect(parser.push(' sadness')).toEqual([]);
  });

  it('is over behind the answer’s line, and where the steps begin again', () => {
    expect(parse('Answer: joy\nExample: more').whole).toEqual({ answer: 'joy' });
    const again = parse('Observe: A face.\nObserve: A face.\nAnswer: joy');
    expect(again.whole).toEqual({ observe: 'A face.' });
    expect(again.parser.isAnswering).toBe(false);
  });
});

describe('optionIn', () => {
  const emotions = ['happiness', 'sadness', 'anger'];
  it.each([
    ['happiness', 'happiness'],
    ['**Happiness**.', 'happiness'],
    ['The emotion is sadness.', 'sadness'],
    ['happiness or sadness', null],
    ['not happiness', null],
    ['joy', null],
    ['', null],
  ])('%j is %j', (text, option) => expect(optionIn(text, emotions)).toBe(option));

  it('knows yes and no', () => {
    expect(optionIn('No.', ['yes', 'no'])).toBe('no');
    expect(optionIn('No, it mocks nobody.', ['yes', 'no'])).toBe('no');
    expect(optionIn('Yes or no.', ['yes', 'no'])).toBeNull();
  });
});
