// Brings the real page into German and back; `document` is all that is missing in Node.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answerName } from './answer-name.ts';
import { decimal, percent, signed } from './format.ts';
import { currentLanguage } from './language.ts';
import { messages } from './messages.ts';
import { said } from './phrases.ts';
import { copyTree, fillTree, speak } from './speech.ts';

const documentElement = { lang: '' };
beforeEach(() => vi.stubGlobal('document', { documentElement }));
afterEach(async () => {
  await speak('en');
  vi.unstubAllGlobals();
});

test('a translation fills the very branches that modules hold; what it lacks is said in English', () => {
  const catalogue = { a: 'one', b: { c: 'two', d: ['x', 'y'], e: 'three' } };
  const english = copyTree(catalogue);
  const { b } = catalogue;
  fillTree(catalogue, english, { a: 'eins', b: { d: ['z'] }, f: 'fremd' });
  expect(catalogue).toEqual({ a: 'eins', b: { c: 'two', d: ['z'], e: 'three' } });
  expect(catalogue.b).toBe(b);
  fillTree(catalogue, english, {});
  expect(catalogue).toEqual({ a: 'one', b: { c: 'two', d: ['x', 'y'], e: 'three' } });
});

test('the page speaks German, and English again', async () => {
  const { sessions } = messages;
  expect(await speak('de')).toBe('de');
  expect([messages.startCamera, sessions.name, messages.face(2)]).toEqual(['Kamera starten', 'Sitzungen', 'Gesicht 2']);
  expect(documentElement.lang).toBe('de');
  expect(said('The pack’s file a.onnx is not there.')).toBe('Die Datei a.onnx des Pakets fehlt.');
  expect([answerName('happiness'), answerName('yes'), answerName('wistful')]).toEqual(['Freude', 'ja', 'wistful']);
  expect([percent(0.914, 1), decimal(2.5, 1), signed(-0.31)]).toEqual(['91,4\u00a0%', '2,5', '−0,31']);

  expect(await speak('en')).toBe('en');
  expect([messages.startCamera, sessions.name, messages.face(2)]).toEqual(['Start camera', 'Sessions', 'Face 2']);
  expect(documentElement.lang).toBe('en');
  expect(said('The pack’s file a.onnx is not there.')).toBe('The pack’s file a.onnx is not there.');
  expect(percent(0.914, 1)).toBe('91.4%');
});

test('a catalogue that cannot be fetched leaves the page as it was', async () => {
  vi.resetModules();
  vi.doMock('./messages-de.ts', () => {
    throw new Error('offline');
  });
  const fresh = await import('./speech.ts');
  const { messages: strings } = await import('./messages.ts');
  expect(await fresh.speak('de')).toBe('en');
  expect(strings.startCamera).toBe('Start camera');
  expect(documentElement.lang).toBe('en');
  vi.doUnmock('./messages-de.ts');
  expect(currentLanguage()).toBe('en');
});
