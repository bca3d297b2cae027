import { expect, test } from 'vitest';
import { outcome } from './evaluate-chromium.mjs';

/** A page that has come to an end. */
function page(state: string, told: string, report: string): Parameters<typeof outcome>[0] {
  const status = { evaluate: async () => [state, told] };
  const locator = { textContent: async () => report };
  return { on: () => {}, getByRole: () => status, locator: () => locator } as unknown as Parameters<typeof outcome>[0];
}

test('a report that was broken off is kept, and the fault is said', async () => {
  expect(await outcome(page('failed', 'It was broken off.', '{"n":3}'))).toEqual({ report: '{"n":3}', fault: 'It was broken off.' });
  expect(await outcome(page('failed', 'No report.', ''))).toEqual({ report: '', fault: 'No report.' });
  expect(await outcome(page('done', 'The report is below.', '{"n":4}'))).toEqual({ report: '{"n":4}', fault: null });
});
