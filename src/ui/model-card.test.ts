import { afterEach, describe, expect, it, vi } from 'vitest';
import example from '../../e2e/fixtures/card.json';
import { fetchModelCard, parseModelCard } from './model-card.ts';

/** The example with some of it replaced; undefined takes it away, as JSON does. */
const changed = (changes: Record<string, unknown>): unknown => JSON.parse(JSON.stringify({ ...example, ...changes }));
const faces = example.tasks[0];

describe('parseModelCard', () => {
  it('takes a whole card as it is', () => {
    expect(parseModelCard(example)).toEqual({ ok: true, value: example });
  });

  it('takes a card that lacks what may be missing', () => {
    const task = { ...faces, wordsAlone: undefined, calibrationError: null, confusion: undefined };
    const parsed = parseModelCard(
      changed({ tasks: [task], reliability: undefined, abstention: undefined, scene: undefined, conditions: null }),
    );
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        tasks: [{ wordsAlone: null, calibrationError: null, confusion: null }],
        reliability: [],
        abstention: null,
        scene: null,
        conditions: [],
      },
    });
  });

  it('takes a threshold below which nothing lay', () => {
    const parsed = parseModelCard(changed({ abstention: { ...example.abstention, accuracyAbstained: null } }));
    expect(parsed).toMatchObject({ ok: true, value: { abstention: { accuracyAbstained: null } } });
  });

  it('shows a sentence that comes twice once', () => {
    expect(parseModelCard(changed({ notes: ['a', 'b', 'a'] }))).toMatchObject({ ok: true, value: { notes: ['a', 'b'] } });
  });

  it.each([
    ['format', { format: 0 }],
    ['pack', { pack: 'today’s' }],
    ['notFor', { notFor: undefined }],
    ['title', { title: { html: '<b>' } }],
    ['tasks.0.accuracy', { tasks: [{ ...faces, accuracy: 84 }] }],
    ['tasks.0.n', { tasks: [{ ...faces, n: 1.5 }] }],
    ['tasks.0.confusion', { tasks: [{ ...faces, confusion: { labels: ['a', 'b'], columns: ['a', 'b'], rows: [[1, 2]] } }] }],
    ['tasks.0.confusion', { tasks: [{ ...faces, confusion: { labels: ['a'], columns: ['a', 'b'], rows: [[1]] } }] }],
    ['tasks.0.confusion.labels', { tasks: [{ ...faces, confusion: { labels: ['a', 'a'], columns: ['a'], rows: [[1], [1]] } }] }],
    ['reliability', { reliability: Array.from({ length: 101 }, () => ({ confidence: 0.5, accuracy: 0.5, n: 1 })) }],
    ['scene.valence.concordance', { scene: { ...example.scene, valence: { concordance: null } } }],
  ])('refuses a wrong %s and names it', (path, changes) => {
    const parsed = parseModelCard(changed(changes));
    expect(parsed).toMatchObject({ ok: false, error: { code: 'pack-corrupt', message: 'The model card could not be read.' } });
    expect(parsed).toMatchObject({ error: { detail: expect.stringMatching(new RegExp(`^${path}: `)) } });
  });

  it.each([null, [], 'card', 1])('refuses %j', (input) => {
    expect(parseModelCard(input)).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
  });

  it('says of a later format that it is later', () => {
    expect(parseModelCard({ format: 2 })).toMatchObject({ ok: false, error: { code: 'pack-unsupported' } });
  });
});

describe('fetchModelCard', () => {
  afterEach(() => void vi.unstubAllGlobals());

  const fetched = async (answer: () => Response) => {
    const fetching = vi.fn(async () => answer());
    vi.stubGlobal('fetch', fetching);
    const result = await fetchModelCard('https://example.test/models/tiny/', new AbortController().signal);
    expect(String(fetching.mock.calls.at(0)?.at(0))).toBe('https://example.test/models/tiny/card.json');
    return result;
  };
  const page = { headers: { 'content-type': 'text/html; charset=utf-8' } };

  it('reads the card beside the manifest', async () => {
    expect(await fetched(() => Response.json(example))).toEqual({ ok: true, value: example });
  });

  it('says that there is none, also where a web page comes in its place', async () => {
    const absent = { ok: false, error: { code: 'pack-missing', message: 'This pack brings no model card.' } };
    expect(await fetched(() => new Response('Not found', { status: 404 }))).toMatchObject(absent);
    expect(await fetched(() => new Response('<!doctype html>', page))).toMatchObject(absent);
  });

  it('says that it could not be fetched, offline and where the server fails', async () => {
    const unreachable = { ok: false, error: { code: 'file-unreadable' } };
    const offline = () => {
      throw new TypeError('Failed to fetch');
    };
    expect(await fetched(offline)).toMatchObject(unreachable);
    expect(await fetched(() => new Response('<h1>busy</h1>', { status: 503, ...page }))).toMatchObject(unreachable);
  });

  it('says that it could not be read where it is no JSON', async () => {
    expect(await fetched(() => new Response('{"format": 1,'))).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
  });
});
