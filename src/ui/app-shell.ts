/**
 * The page's service worker, from the page's side: registers it, and tells of a newer version that waits. The page changes to it only
 * when the user says so. Where there is none (refused, plain http, the development server), all works but a start without network.
 */
import { TAKE_OVER, type TakeOver } from '../shared/shell-messages.ts';
import { isWebPage } from '../shared/web-page.ts';

/** `ready`: a newer version waits. `other-tabs`: it has to wait on, because other tabs show this one. */
export type Update = 'none' | 'ready' | 'other-tabs';

interface ShellOptions {
  /** Null where the browser gives the page none. */
  container: Pick<ServiceWorkerContainer, 'register'> | null;
  /** Absolute URL of the worker's script. */
  script: string;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Loads the page anew. */
  reload: () => void;
}

export class AppShell {
  readonly #options: ShellOptions;
  readonly #listeners = new Set<() => void>();
  #registration: ServiceWorkerRegistration | null = null;
  #update: Update = 'none';

  constructor(options: ShellOptions) {
    this.#options = options;
  }

  update = (): Update => this.#update;

  onUpdate = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** From then on the page starts without a network, once all its files came. */
  async register(): Promise<void> {
    const { container, script } = this.#options;
    if (!container || this.#registration) return;
    let registration: ServiceWorkerRegistration | undefined;
    try {
      registration = await container.register(script, { updateViaCache: 'none' });
    } catch {
      return; // refused, or not served: the page works without it
    }
    if (!registration) return; // what blocks service workers may stand in for them with nothing
    this.#registration = registration;
    if (registration.waiting) this.#found(registration.waiting);
    if (registration.installing) this.#follow(registration.installing);
    registration.addEventListener('updatefound', () => registration.installing && this.#follow(registration.installing));
    await this.#leaveWhereGone(registration);
  }

  /**
   * The host may have gone back to a version without the worker, or have another page at this address by now, as localhost often has. A
   * worker whose script is gone stays, and would show this version for ever: it goes, and the next load is the host's.
   */
  async #leaveWhereGone(registration: ServiceWorkerRegistration): Promise<void> {
    const { fetch, script } = this.#options;
    try {
      const response = await fetch(script, { method: 'HEAD', cache: 'no-store' });
      const { ok, status } = response;
      if (status === 404 || status === 410 || (ok && isWebPage(response))) await registration.unregister();
    } catch {
      // Without a network nothing is known of the host.
    }
  }

  /** Changes to the version that waits, which loads the page anew; not where other tabs show this one. */
  async takeUpdate(): Promise<void> {
    const { reload } = this.#options;
    const waiting = this.#registration?.waiting;
    // Another tab took it meanwhile.
    if (!waiting) return reload();
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<TakeOver>((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<TakeOver>) => resolve(data);
    });
    waiting.postMessage(TAKE_OVER, [port2]);
    const granted = await answer;
    port1.close();
    if (granted === 'other-tabs') this.#say('other-tabs');
    else if (waiting.state === 'activated') reload();
    else waiting.addEventListener('statechange', () => waiting.state === 'activated' && reload());
  }

  #follow(worker: ServiceWorker): void {
    worker.addEventListener('statechange', () => this.#found(worker));
  }

  #found(worker: ServiceWorker): void {
    // The first one ever has nothing to wait for, and nothing to tell.
    if (worker.state === 'installed' && this.#registration?.active) this.#say('ready');
  }

  #say(update: Update): void {
    this.#update = update;
    for (const listener of this.#listeners) listener();
  }
}
