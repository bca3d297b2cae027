import { type ComponentType, useEffect, useState } from 'react';
import type { WireError } from '../shared/errors.ts';
import { ErrorNotice } from './error-notice.tsx';
import { later, partMissing } from './later.ts';
import { messages } from './messages.ts';

/** A part of the page whose script is fetched when it is first shown. */
export class LazyPart<Props extends object> {
  #view: ComponentType<Props> | null = null;
  readonly #load: () => Promise<ComponentType<Props>>;

  constructor(load: () => Promise<ComponentType<Props>>) {
    this.#load = load;
    later(() => this.fetch());
  }

  /** Null until it was fetched. */
  get view(): ComponentType<Props> | null {
    return this.#view;
  }

  /** Rejects where the script cannot be had; asked again, it tries again. */
  async fetch(): Promise<void> {
    this.#view ??= await this.#load();
  }

  /** Ahead of being shown: nobody waits for it then. */
  readonly preload = (): void => {
    this.fetch().catch(() => {});
  };
}

interface LazyProps<Props extends object> {
  part: LazyPart<Props>;
  props: Props;
}

/**
 * Draws a part at once where its script is here, nothing while it comes, and where it cannot be had a notice that tries again: React's own
 * way would take the page down with it.
 */
export function Lazy<Props extends object>({ part, props }: LazyProps<Props>) {
  const [attempt, setAttempt] = useState(0);
  const [outcome, setOutcome] = useState<'coming' | 'here' | WireError>('coming');
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt is another fetch.
  useEffect(() => {
    let gone = false;
    const tell = (next: typeof outcome) => gone || setOutcome(next);
    part.fetch().then(
      () => tell('here'),
      (error: unknown) => tell(partMissing(error)),
    );
    return () => {
      gone = true;
    };
  }, [part, attempt]);
  const View = part.view;
  if (View) return <View {...props} />;
  if (typeof outcome === 'string') return null;
  const again = () => {
    setOutcome('coming');
    setAttempt(attempt + 1);
  };
  return <ErrorNotice error={outcome} action={messages.actions.tryAgain} onAction={again} />;
}
