import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.ts';

describe('parseArguments', () => {
  it('reads an analyze command', () => {
    expect(parseArguments(['analyze', 'a.jpg', '--task', 'hate', '--json', 'b.png', '--words', 'hi', '--threads', '2'])).toEqual({
      ok: true,
      value: {
        kind: 'analyze',
        files: ['a.jpg', 'b.png'],
        task: 'hate',
        json: true,
        format: null,
        out: '.',
        words: 'hi',
        threads: 2,
        pack: null,
        backend: 'auto',
        prompting: 'emoprompt',
      },
    });
  });

  it('reads how the question is put', () => {
    expect(parseArguments(['analyze', 'a.jpg', '--prompt', 'plain'])).toMatchObject({ value: { prompting: 'plain' } });
    const args = ['evaluate', '--task', 'hate', '--data', 'd', '--out', 'r', '--prompt', 'plain'];
    expect(parseArguments(args)).toMatchObject({ value: { prompting: 'plain' } });
  });

  it('reads a table of several packs, the committed one where none is named', () => {
    const args = ['table', '--data', 'd', '--out', 't'];
    expect(parseArguments(args)).toMatchObject({ value: { kind: 'table', packs: [null], limit: null } });
    expect(parseArguments([...args, '--pack', 'a', '--pack', 'b', '--limit', '3'])).toMatchObject({
      value: { packs: ['a', 'b'], limit: 3 },
    });
  });

  it('reads a comparison of pictures, or of a labelled folder', () => {
    expect(parseArguments(['compare', '--pack', 'a', 'x.jpg'])).toMatchObject({
      value: { packs: ['a', null], files: ['x.jpg'], data: null, task: 'emotion' },
    });
    const folder = ['compare', '--pack', 'a', '--pack', 'b', '--data', 'd', '--task', 'faces', '--cropped'];
    expect(parseArguments(folder)).toMatchObject({ value: { packs: ['a', 'b'], data: 'd', task: 'faces', cropped: true } });
  });

  it('reads where a pack is fetched from, with a slash at its end', () => {
    expect(parseArguments(['fetch', 'x'])).toMatchObject({ value: { id: 'x', hub: 'https://huggingface.co/', to: null } });
    expect(parseArguments(['fetch', 'x', '--hub', 'http://localhost:1/hub', '--to', 'd'])).toMatchObject({
      value: { hub: 'http://localhost:1/hub/', to: 'd' },
    });
  });

  it('tells words that are none from words that are to be read', () => {
    expect(parseArguments(['analyze', 'a.jpg', '--words', ''])).toMatchObject({ value: { words: '' } });
    expect(parseArguments(['analyze', 'a.jpg'])).toMatchObject({ value: { words: null } });
  });

  it('reads the format of an export and where it goes', () => {
    expect(parseArguments(['analyze', 'a.jpg', '--format', 'bids', '--out', 'd'])).toMatchObject({ value: { format: 'bids', out: 'd' } });
    expect(parseArguments(['analyze', 'a.jpg', '--format', 'fex'])).toMatchObject({ value: { format: 'fex', out: '.' } });
  });

  it('reads an evaluate command; faces are judged by the affect head unless asked otherwise', () => {
    const args = ['evaluate', '--task', 'faces', '--data', 'd', '--out', 'r.json', '--limit', '5', '--cropped'];
    expect(parseArguments(args)).toMatchObject({
      value: { kind: 'evaluate', limit: 5, cropped: true, by: 'affect-head', skipBroken: false },
    });
    expect(parseArguments([...args, '--skip-broken'])).toMatchObject({ value: { skipBroken: true } });
    expect(parseArguments([...args, '--by', 'language-model'])).toMatchObject({ value: { by: 'language-model' } });
    expect(parseArguments(['evaluate', '--task', 'hate', '--data', 'd', '--out', 'r'])).toMatchObject({
      value: { by: 'language-model', limit: null },
    });
  });

  it.each([[[]], [['--help']], [['evaluate', '--help']], [['analyze', '-h']]])('helps at %j', (args) => {
    expect(parseArguments(args)).toEqual({ ok: true, value: { kind: 'help' } });
  });

  it.each([
    [['analyse', 'a.jpg'], '"analyse" is not a command.', 'emollm analyze'],
    [['analyze'], 'No file is given.', 'emollm analyze <files'],
    [['analyze', 'a.jpg', '--task', 'faces'], '--task cannot be "faces".', 'emotion|emotion-open'],
    [['analyze', 'a.jpg', '--speed'], "Unknown option '--speed'", 'emollm analyze'],
    [['analyze', 'a.jpg', '--backend', 'webgpu'], '--backend cannot be "webgpu"', 'emollm analyze'],
    [['analyze', 'a.jpg', '--format', 'xls'], '--format cannot be "xls"', 'emollm analyze'],
    [['analyze', 'a.jpg', '--format', 'fex', '--json'], 'exclude each other', 'emollm analyze'],
    [['analyze', 'a.jpg', '--out', 'd'], '--out goes with --format', 'emollm analyze'],
    [['analyze', 'a.jpg', '--threads', '0'], '--threads must be a whole number', 'emollm analyze'],
    [['analyze', 'a.jpg', '--prompt', 'short'], '--prompt cannot be "short"', 'emollm analyze'],
    [['table', '--out', 't'], '--data is missing.', 'emollm table'],
    [['compare', 'a.jpg'], '--pack must be given', 'emollm compare'],
    [['compare', '--pack', 'a'], 'Give either pictures or --data.', 'emollm compare'],
    [['compare', '--pack', 'a', '--data', 'd'], '--task is missing.', 'emollm compare'],
    [['fetch'], 'Give the id of one pack.', 'emollm fetch'],
    [['fetch', 'x', '--hub', 'file:///x'], '--hub must be an address', 'emollm fetch'],
    [['evaluate', '--data', 'd', '--out', 'r'], '--task is missing.', 'emollm evaluate --task'],
    [['evaluate', '--task', 'hate', '--out', 'r'], '--data is missing.', 'emollm evaluate'],
    [['evaluate', '--task', 'hate', '--data', 'd'], '--out is missing.', 'emollm evaluate'],
    [['evaluate', '--task', 'hate', '--data', 'd', '--out', 'r', '--limit', '-1'], '--limit', 'emollm evaluate'],
    [['evaluate', '--task', 'hate', '--data', 'd', '--out', 'r', '--by', 'affect-head'], '--by goes with', 'emollm evaluate'],
  ])('refuses %j with the right form', (args, message, form) => {
    const result = parseArguments(args);
    expect(result).toMatchObject({ ok: false, error: { code: 'usage' } });
    expect(result.ok ? '' : result.error.message).toContain(message);
    expect(result.ok ? '' : result.error.remedy).toContain(form);
  });
});
