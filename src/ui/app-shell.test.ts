import { expect, test, vi } from 'vitest';
import { TAKE_OVER, type TakeOver } from '../shared/shell-messages.ts';
import { AppShell } from './app-shell.ts';

class FakeWorker extends EventTarget {
  state: ServiceWorkerState = 'installing';
  /** What it answers when it is asked to take over; it is activated where it does. */
  answer: TakeOver = 'now';

  become(state: ServiceWorkerState): void {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }

  postMessage(message: unknown, [port]: MessagePort[]): void {
    expect(message).toBe(TAKE_OVER);
    port?.postMessage(this.answer);
    if (this.answer === 'now') this.become('activated');
  }
}

class FakeRegistration extends EventTarget {
  active: FakeWorker | null = null;
  waiting: FakeWorker | null = null;
  installing: FakeWorker | null = null;
  unregister = vi.fn(async () => true);

  find(): FakeWorker {
    const worker = new FakeWorker();
    this.installing = worker;
    this.dispatchEvent(new Event('updatefound'));
    return worker;
  }

  /** It has all its files, and waits. */
  install(worker: FakeWorker): void {
    this.installing = null;
    this.waiting = worker;
    worker.become('installed');
  }
}

const script = async () => new Response('', { headers: { 'content-type': 'text/javascript' } });

function setUp(registration: FakeRegistration | null, fetch: () => Promise<Response> = script) {
  const reload = vi.fn();
  const register = vi.fn(async () => {
    if (registration === null) throw new TypeError('refused');
    return registration as unknown as ServiceWorkerRegistration;
  });
  const shell = new AppShell({ container: { register }, script: 'https://example.org/emollm/shell.js', fetch, reload });
  return { shell, reload, register };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

test('a newer version is told once it is whole, and taken only when the user says so', async () => {
  const registration = new FakeRegistration();
  registration.active = new FakeWorker();
  const { shell, reload } = setUp(registration);
  await shell.register();
  const worker = registration.find();
  expect(shell.update()).toBe('none');
  registration.install(worker);
  expect(shell.update()).toBe('ready');
  await settled();
  expect(reload).not.toHaveBeenCalled();
  await shell.takeUpdate();
  expect(reload).toHaveBeenCalledTimes(1);
});

test('one that waited before the page was opened is told, too; the first one ever is not', async () => {
  const later = new FakeRegistration();
  later.active = new FakeWorker();
  later.waiting = new FakeWorker();
  later.waiting.state = 'installed';
  const { shell } = setUp(later);
  await shell.register();
  expect(shell.update()).toBe('ready');

  const first = new FakeRegistration();
  const { shell: shellOfFirst } = setUp(first);
  await shellOfFirst.register();
  first.install(first.find());
  expect(shellOfFirst.update()).toBe('none');
});

test('while other tabs show the old version it waits, and says so', async () => {
  const registration = new FakeRegistration();
  registration.active = new FakeWorker();
  const { shell, reload } = setUp(registration);
  await shell.register();
  const worker = registration.find();
  worker.answer = 'other-tabs';
  registration.install(worker);
  await shell.takeUpdate();
  expect(shell.update()).toBe('other-tabs');
  expect(reload).not.toHaveBeenCalled();
  worker.answer = 'now';
  await shell.takeUpdate();
  expect(reload).toHaveBeenCalledTimes(1);
});

test('where the browser refuses a service worker, or has none, the page goes on', async () => {
  const { shell, register } = setUp(null);
  await shell.register();
  expect(register).toHaveBeenCalledTimes(1);
  expect(shell.update()).toBe('none');
  const blocked = { register: async () => undefined } as unknown as ServiceWorkerContainer;
  await new AppShell({ container: blocked, script: '', fetch: script, reload: () => {} }).register();
  const without = new AppShell({ container: null, script: '', fetch: script, reload: () => {} });
  await without.register();
  expect(without.update()).toBe('none');
});

test.each<[string, () => Promise<Response>, number]>([
  ['has no worker any more', async () => new Response('', { status: 404 }), 1],
  ['answers everything with a page', async () => new Response('', { headers: { 'content-type': 'text/html; charset=utf-8' } }), 1],
  ['still has it', script, 0],
  ['is in trouble', async () => new Response('', { status: 503 }), 0],
  ['cannot be reached', () => Promise.reject(new TypeError('offline')), 0],
])('the worker goes where the host has gone on without it, and only there: a host that %s', async (_what, fetch, times) => {
  const registration = new FakeRegistration();
  registration.active = new FakeWorker();
  await setUp(registration, fetch).shell.register();
  expect(registration.unregister).toHaveBeenCalledTimes(times);
});
