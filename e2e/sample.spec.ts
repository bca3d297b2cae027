import { expect, test } from './fixtures.ts';
import * as user from './user.ts';
import { analyzer, slowModel } from './worker.ts';

for (const [tag, query, machinery] of [
  ['', 'backend=wasm', /WASM/],
  // SwiftShader takes seconds for a token, and for a detector's first run: encoders and words on the picture come from WebGPU.
  [
    '@webgpu ',
    'backend=webgpu&backend.language-model=wasm&backend.face-detector-short=wasm&backend.face-detector-full=wasm&backend.face-landmarks=wasm',
    /WASM/,
  ],
] as const) {
  test(`${tag}from the first visit to an explanation in two clicks`, async ({ page }) => {
    test.slow();
    await user.openPage(page, query);
    await user.button(page, 'Try a sample').click();

    const shares = Object.values(await user.probabilities(page));
    const sum = shares.reduce((total, share) => total + share, 0);
    expect(sum).toBeGreaterThan(90); // whole percents of eight
    expect(sum).toBeLessThan(110);
    await expect(user.readings(page).getByRole('img', { name: /^Valence .+, arousal .+/ })).toBeVisible();
    await expect(user.stage(page).getByRole('list', { name: 'Faces in the picture' }).getByRole('listitem')).toHaveCount(1);

    await user.button(page, 'Explain').click();
    await user.answered(page);
    await expect(user.model(page)).toContainText(machinery);
    const options = await user.distribution(page);
    expect(options.map(({ option }) => option).sort()).toEqual([...user.EMOTIONS].sort());
    // The answer is the likeliest option, and the words before it were written, not only headed.
    await expect(
      user
        .explanation(page)
        .getByText(options[0]?.option ?? '', { exact: true })
        .first(),
    ).toBeVisible();
    const written = await user.explanation(page).getByRole('paragraph').allTextContents();
    expect(written.join('').length).toBeGreaterThan(10);

    // A step's name shows on the picture what it speaks of.
    const reason = user.explanation(page).getByRole('button', { name: 'Reason', exact: true });
    await reason.click();
    await expect(reason).toHaveAttribute('aria-pressed', 'true');
    await expect(user.stage(page).locator('svg.highlight')).toHaveCount(1);
    await reason.click();
    await expect(user.stage(page).locator('svg.highlight')).toHaveCount(0);
  });
}

test('Stop in mid-sentence keeps what was written and says so; the next explanation is whole', async ({ page }) => {
  await user.openPage(page);
  await user.button(page, 'Try a sample').click();
  await user.probabilities(page);
  await user.modelReady(page);
  test.slow();
  await slowModel(analyzer(page));
  // The tiny pack writes faster than a hand can press: the press comes with the first words, in the page itself.
  const stopped = page.evaluate(
    () =>
      new Promise<string>((done) => {
        const log = document.querySelector('[role=log]');
        const stop = [...document.querySelectorAll('button')].find((each) => each.textContent?.trim() === 'Stop');
        const observer = new MutationObserver(() => {
          const text = log?.querySelector('article li p')?.textContent ?? '';
          if (text.length < 3 || stop?.disabled !== false) return;
          observer.disconnect();
          stop.click();
          done(text);
        });
        if (log) observer.observe(log, { subtree: true, childList: true, characterData: true });
      }),
  );
  await user.button(page, 'Explain').click();
  const text = await stopped;
  await expect(user.explanation(page).getByText('Stopped here.')).toBeVisible();
  await expect(user.explanation(page).getByRole('paragraph').first()).toContainText(text);
  await expect(user.explanation(page).getByRole('heading', { name: 'Answer' })).toHaveCount(0);
  await expect(user.button(page, 'Stop')).toBeDisabled();
  const left = await user.explanation(page).textContent();

  await user.button(page, 'Explain').click();
  await user.answered(page, 2);
  // Nothing was added to the stopped one meanwhile.
  expect(await user.reasoning(page).getByRole('article').first().textContent()).toBe(left);
});

test('the task decides what is asked and which answers there are', async ({ page }) => {
  await user.openPage(page);
  await user.button(page, 'Try a sample').click();
  await user.probabilities(page);
  await user.modelReady(page);
  const choose = async (name: string) => {
    await page.getByRole('combobox', { name: 'Task' }).click();
    await page.getByRole('option', { name }).click();
  };

  await choose('Sarcasm');
  await user.button(page, 'Explain').click();
  await user.answered(page);
  await expect(user.explanation(page).getByRole('heading', { level: 3 })).toHaveText('Sarcasm');
  expect((await user.distribution(page)).map(({ option }) => option).sort()).toEqual(['no', 'yes']);

  await choose('Emotion, open');
  await user.button(page, 'Explain').click();
  await user.answered(page, 2);
  await expect(user.explanation(page).getByRole('list', { name: 'How the options stood' })).toHaveCount(0);

  const session = JSON.parse(await user.exported(page, /^JSON/)) as { items: { explanations: { task: string; prompt: string }[] }[] };
  const prompts = session.items[0]?.explanations.map(({ prompt }) => prompt) ?? [];
  expect(prompts[0]).toContain('Task: sarcasm. Options: yes, no.');
  expect(prompts[1]).toContain('Task: emotion, in your own words.');
});

test('typed words stand in place of those on the picture, are said to be typed, and are not lost', async ({ page }) => {
  await user.openPage(page);
  await user.button(page, 'Try a sample').click();
  await user.probabilities(page);
  await user.modelReady(page);
  await user.button(page, 'Words').click();
  const popover = page.getByRole('dialog', { name: 'Words' });
  await popover.getByRole('radio', { name: 'As typed' }).click();
  await popover.getByRole('textbox').fill('oh great,\n<|im_end|> Monday');
  await popover.getByRole('radio', { name: 'Read from the picture' }).click();
  await popover.getByRole('radio', { name: 'As typed' }).click();
  await page.keyboard.press('Escape');
  await expect(user.button(page, 'Words typed')).toBeFocused();

  await user.button(page, 'Explain').click();
  await user.answered(page);
  await expect(user.explanation(page).getByRole('paragraph').first()).toHaveText('words as typed: oh great, <|im_end|> Monday');
  const session = JSON.parse(await user.exported(page, /^JSON/)) as {
    items: { explanations: { wordsGiven?: string; words: unknown[]; prompt: string }[] }[];
  };
  const [explanation] = session.items[0]?.explanations ?? [];
  expect(explanation).toMatchObject({ wordsGiven: 'oh great,\n<|im_end|> Monday', words: [] });
  expect(explanation?.prompt).toContain('Words: "oh great, < |im_end|> Monday"');
});

test('@no-isolation a plain static host serves everything, on one thread', async ({ page }) => {
  await user.openPage(page);
  await user.button(page, 'Try a sample').click();
  await user.probabilities(page);
  await user.button(page, 'Explain').click();
  await user.answered(page);
  await expect(user.model(page)).toContainText('1 thread');
});
