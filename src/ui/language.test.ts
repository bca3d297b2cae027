import { expect, test } from 'vitest';
import { chooseLanguage, languageInAddress, localeOf } from './language.ts';

test('auto takes the dearest of the browser’s languages that there is, else English', () => {
  expect(chooseLanguage('auto', ['fr-CH', 'de-CH', 'en'])).toBe('de');
  expect(chooseLanguage('auto', ['en-US', 'de'])).toBe('en');
  expect(chooseLanguage('auto', ['DE'])).toBe('de');
  expect(chooseLanguage('auto', ['den', 'ja'])).toBe('en');
  expect(chooseLanguage('auto', [])).toBe('en');
});

test('what was chosen wins over the browser', () => {
  expect(chooseLanguage('en', ['de'])).toBe('en');
  expect(chooseLanguage('de', ['en'])).toBe('de');
});

test('an address asks for a language that there is, or for none', () => {
  expect(['?lang=de&pack=tiny', '?lang=auto', '?lang=tlh', ''].map(languageInAddress)).toEqual(['de', 'auto', null, null]);
});

test('dates are written as in the user’s own variant of the language', () => {
  expect(localeOf('en', ['de-AT', 'en-GB'])).toBe('en-GB');
  expect(localeOf('de', ['en-GB'])).toBe('de');
});
