import { createHash } from 'node:crypto';
import { expect, fixture, test } from './fixtures.ts';
import * as user from './user.ts';

interface Reading {
  faceId: number;
  time: number;
  box: { x: number; y: number; width: number; height: number };
  probabilities: Record<string, number>;
  emotion: string;
  valence: number;
  arousal: number;
}

interface Session {
  model: { packId: string; packHash: string; graphs: { graph: string; backend: string; dtype: string }[] };
  settings: { backend: string; smoothing: number };
  items: {
    name: string;
    kind: string;
    width: number;
    height: number;
    readings: Reading[];
    explanations: { outcome: string; time: number; prompt: string; answer: { text: string; distribution: unknown[] } | null }[];
  }[];
}

test('pictures dropped together are read in turn; each keeps its readings and explanations', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.drop(page, 'several-faces.jpg', 'no-face.jpg');
  // Several people: a row each, the largest face open.
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
  await expect(user.stage(page).getByRole('list', { name: 'Faces in the picture' }).getByRole('listitem')).toHaveCount(3);
  const first = await user.probabilities(page);
  await user.faces(page).nth(2).click();
  await expect(user.faces(page).nth(2)).toHaveAttribute('aria-expanded', 'true');
  await user.faces(page).first().click();

  await user.item(page, 'no-face.jpg').click();
  await expect(user.stage(page).getByText('No face found: reading the scene')).toBeVisible(user.PATIENCE);
  await expect(user.faces(page)).toHaveCount(0);
  await user.button(page, 'Explain').click();
  await user.answered(page);
  const text = await user.explanation(page).textContent();

  await user.item(page, 'several-faces.jpg').click();
  await expect(user.faces(page)).toHaveCount(3);
  expect(await user.probabilities(page)).toEqual(first);
  await expect(user.reasoning(page).getByRole('article')).toHaveCount(0);
  await user.item(page, 'no-face.jpg').click();
  await expect(user.explanation(page)).toBeVisible();
  expect(await user.explanation(page).textContent()).toBe(text);

  // A file more joins the others, by the file dialogue this time.
  const chooser = page.waitForEvent('filechooser');
  await user.button(page, 'Open files').click();
  await (await chooser).setFiles(fixture('several-faces.jpg'));
  await expect(page.getByRole('navigation', { name: 'Items' }).getByRole('listitem')).toHaveCount(3);
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
});

for (const [name, codec] of [
  ['clip.mp4', 'H.264'],
  ['clip.webm', 'VP9'],
] as const) {
  test(`a dropped video plays with live readings, and its moment is explained: ${codec}`, async ({ page }) => {
    test.slow();
    await user.openPage(page);
    await user.modelReady(page);
    await user.drop(page, name);
    await user.probabilities(page);
    await expect(user.stage(page).getByRole('list', { name: 'Faces in the picture' }).getByRole('listitem')).toHaveCount(1);
    // It is short: once it has ended it may have to be played again for a second reading.
    const read = async () => {
      const play = user.button(page, 'Play');
      if (await play.isVisible()) await play.click();
      const session = JSON.parse(await user.exported(page, /^JSON/)) as Session;
      return new Set(session.items[0]?.readings.map(({ time }) => time)).size;
    };
    await expect.poll(read, user.PATIENCE).toBeGreaterThan(2);

    await user.button(page, 'Explain').click();
    await user.answered(page);
    const session = JSON.parse(await user.exported(page, /^JSON/)) as Session;
    const [video] = session.items;
    expect(video).toMatchObject({ name, kind: 'video', width: 320, height: 320 });
    expect(video?.explanations[0]).toMatchObject({ outcome: 'done' });
    // The moment that was explained is one that was read.
    expect(video?.readings.map(({ time }) => time)).toContain(video?.explanations[0]?.time);
    for (const { time } of video?.readings ?? []) expect(time).toBeLessThanOrEqual(2.1);
  });
}

test('exports say what was read, what was said, and what made it', async ({ page }) => {
  test.slow();
  await user.openPage(page, 'backend=wasm');
  await user.drop(page, 'several-faces.jpg');
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
  const shown = await user.probabilities(page);
  await user.button(page, 'Explain').click();
  await user.answered(page);

  const pack = await page.request.get('models/tiny/manifest.json');
  const packHash = createHash('sha256')
    .update(await pack.body())
    .digest('hex');
  const session = JSON.parse(await user.exported(page, /^JSON/)) as Session;
  expect(session.model).toMatchObject({ packId: 'tiny', packHash });
  expect(session.model.graphs.map(({ backend }) => backend)).toEqual(session.model.graphs.map(() => 'wasm'));
  expect(session.settings).toMatchObject({ backend: 'wasm', smoothing: expect.any(Number) });
  const [picture] = session.items;
  expect(picture).toMatchObject({ name: 'several-faces.jpg', kind: 'picture', width: 960, height: 540 });
  expect(picture?.readings).toHaveLength(3);
  for (const { probabilities, valence, arousal } of picture?.readings ?? []) {
    expect(Object.values(probabilities).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
    expect(Math.abs(valence)).toBeLessThanOrEqual(1);
    expect(Math.abs(arousal)).toBeLessThanOrEqual(1);
  }
  // The numbers on the screen are those in the file.
  const percents = (reading: Reading | undefined) =>
    Object.fromEntries(user.EMOTIONS.map((emotion) => [emotion, Math.round(100 * (reading?.probabilities[emotion] ?? 0))]));
  expect(picture?.readings.map(percents)).toContainEqual(shown);
  expect(picture?.explanations).toHaveLength(1);
  expect(picture?.explanations[0]).toMatchObject({ outcome: 'done', time: 0, prompt: expect.stringContaining('Task: emotion.') });

  const rows = user.parseCsv(await user.exported(page, /^CSV, readings/));
  expect(rows).toHaveLength(3);
  rows.forEach((row, i) => {
    const reading = picture?.readings[i];
    expect(row).toMatchObject({
      input: 'several-faces.jpg',
      pack_id: 'tiny',
      pack_hash: packHash,
      backend: 'wasm',
      emotion: reading?.emotion,
    });
    for (const emotion of user.EMOTIONS) expect(Number(row[emotion])).toBeCloseTo(reading?.probabilities[emotion] ?? Number.NaN, 5);
    expect(Number(row.box_width)).toBeCloseTo(reading?.box.width ?? Number.NaN, 2);
  });

  const [said, ...more] = user.parseCsv(await user.exported(page, /^CSV, explanations/));
  expect(more).toEqual([]);
  expect(said).toMatchObject({ task: 'emotion', outcome: 'done', answer: picture?.explanations[0]?.answer?.text, pack_hash: packHash });
  expect(said?.distribution?.split('; ')).toHaveLength(8);
});

test('a face is given a name, and exports for other programs carry it', async ({ page }) => {
  test.slow();
  await user.openPage(page, 'backend=wasm');
  await user.drop(page, 'several-faces.jpg');
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
  const name = user.readings(page).getByRole('button', { name: /Name this face/ });
  await name.press('Enter');
  await page.keyboard.type('Ada <b>');
  await page.keyboard.press('Enter');
  await expect(name).toContainText('Ada <b>');
  await expect(name).toBeFocused();
  await name.press('Enter');
  await page.keyboard.type('nobody');
  await page.keyboard.press('Escape');
  await expect(name).toContainText('Ada <b>');
  await expect(user.stage(page).getByRole('list', { name: 'Faces in the picture' })).toContainText('Ada <b>');
  await user.button(page, 'Explain').click();
  await user.answered(page);

  const fex = await user.exportedArchive(page, /^CSV for py-feat/);
  const [table = '', sidecar = ''] = ['.csv', '.json'].map((ending) => Object.entries(fex).find(([file]) => file.endsWith(ending))?.[1]);
  const rows = user.parseCsv(table);
  expect(rows).toHaveLength(3);
  expect(new Set(rows.map((row) => row.frame))).toEqual(new Set(['0']));
  for (const row of rows) {
    expect(Number(row.FaceRectWidth)).toBeGreaterThan(10);
    expect(Number(row.AU12)).toBeGreaterThanOrEqual(0);
    expect(Number(row.happiness) + Number(row.neutral)).toBeLessThanOrEqual(1.001);
  }
  expect(JSON.parse(sidecar)).toMatchObject({ provenance: { pack: { id: 'tiny' } } });

  const captions = await user.exported(page, /^WebVTT captions/);
  expect(captions.startsWith('WEBVTT')).toBe(true);
  expect(captions).toContain('Ada &lt;b&gt;');

  const events = await user.exportedArchive(page, /^BIDS events/);
  const table2 = Object.entries(events).find(([file]) => file.endsWith('_events.tsv'))?.[1] ?? '';
  expect(table2.split('\n')[0]?.split('\t').slice(0, 3)).toEqual(['onset', 'duration', 'trial_type']);

  // The report stands alone: opened by itself it asks for nothing and shows the name as text.
  const report = await user.exported(page, /^Report/);
  const opened = await page.context().newPage();
  const asked: string[] = [];
  opened.on('request', (request) => asked.push(request.url()));
  await opened.setContent(report);
  await expect(opened.getByText('Ada <b>').first()).toBeVisible();
  expect(await opened.locator('script').count()).toBe(0);
  expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([]);
});
