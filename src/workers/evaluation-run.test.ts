import { expose } from 'comlink';
import { describe, expect, it } from 'vitest';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { EvaluationApi, EvaluationOptions } from './api.ts';
import { runEvaluation } from './client.ts';

const OPTIONS: EvaluationOptions = {
  packUrl: 'http://localhost/pack/',
  wasmUrl: 'http://localhost/ort/',
  backend: 'auto',
  graphBackends: {},
  threads: 0,
  task: 'faces',
  labels: 'file,label\na.png,fear\n',
  by: 'affect-head',
  cropped: true,
  limit: null,
  items: true,
  skipBroken: true,
};

/** A worker on the other end of a real message channel; it judges until it is told to stop. */
class FakeWorker extends EventTarget {
  readonly channel = new MessageChannel();
  terminated = false;
  stops = 0;
  asked: unknown = null;

  constructor() {
    super();
    this.channel.port1.addEventListener('message', (event) => this.dispatchEvent(new MessageEvent('message', { data: event.data })));
    this.channel.port1.start();
    let end: (text: Result<string>) => void = () => {};
    const api: EvaluationApi = {
      run: async (_options, picture, onProgress) => {
        this.asked = await picture('a.png');
        onProgress({ phase: 'judging', done: 1, total: 2 });
        return new Promise((resolve) => {
          end = resolve;
        });
      },
      stop: () => {
        this.stops += 1;
        end(ok('partial'));
      },
    };
    expose(api, this.channel.port2);
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    this.channel.port1.postMessage(message, transfer);
  }

  terminate(): void {
    this.terminated = true;
    this.channel.port1.close();
    this.channel.port2.close();
  }
}

describe('runEvaluation', () => {
  const missing = fail(wireError('file-unreadable', 'a.png is not there.', 'Look again.'));

  it('asks for pictures, tells how far it is, and gives what was judged before a stop', async () => {
    const worker = new FakeWorker();
    const abort = new AbortController();
    const stopAtFirst = () => abort.abort();
    const start = () => worker as unknown as Worker;
    expect(await runEvaluation(abort.signal, OPTIONS, async () => missing, stopAtFirst, start)).toEqual(ok('partial'));
    expect(worker).toMatchObject({ stops: 1, terminated: true, asked: missing });
  });

  it('starts no worker where it was stopped before', async () => {
    const start = (): Worker => {
      throw new Error('started');
    };
    expect(
      await runEvaluation(
        AbortSignal.abort(),
        OPTIONS,
        async () => missing,
        () => {},
        start,
      ),
    ).toMatchObject({
      ok: false,
      error: { code: 'cancelled' },
    });
  });

  it('says so where the worker dies', async () => {
    const worker = new FakeWorker();
    const end = runEvaluation(
      new AbortController().signal,
      OPTIONS,
      async () => missing,
      () => {},
      () => worker as unknown as Worker,
    );
    worker.dispatchEvent(Object.assign(new Event('error', { cancelable: true }), { message: 'Out of memory' }));
    expect(await end).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
    expect(worker.terminated).toBe(true);
  });
});
