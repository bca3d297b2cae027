import { useId, useState } from 'react';
import { HUB, hubAddress, hubHost } from './hub-address.ts';
import { messages } from './messages.ts';
import { usePacks, useSession } from './session-context.ts';

const text = messages.packs;

/** Where foundation packs come from: the hub, or one's own mirror of it. */
export function HubField() {
  const { settings, changeSettings } = useSession();
  const { fetching } = usePacks();
  const [typed, setTyped] = useState(settings.mirror ?? '');
  const [refused, setRefused] = useState(false);
  const id = useId();
  const set = () => {
    const mirror = hubAddress(typed);
    setRefused(mirror === null);
    if (mirror === null) return;
    setTyped(mirror);
    changeSettings({ mirror });
  };
  const reset = () => {
    setTyped('');
    setRefused(false);
    changeSettings({ mirror: null });
  };
  return (
    <section>
      <h3>{text.source}</h3>
      <p>{text.sourceHint(hubHost(settings.mirror ?? HUB))}</p>
      <form
        className="packs-row"
        // The browser's own check would stand before ours, in another language, and takes every scheme.
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          set();
        }}
      >
        <label className="packs-field" htmlFor={id}>
          <span>{text.mirror}</span>
          <input
            id={id}
            type="url"
            inputMode="url"
            placeholder="https://"
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
            value={typed}
            aria-invalid={refused}
            aria-describedby={refused ? `${id}-refused` : undefined}
            onChange={({ target }) => setTyped(target.value)}
          />
        </label>
        <button type="submit" className="button" disabled={fetching !== null || typed.trim() === ''}>
          {text.mirrorSet}
        </button>
        {settings.mirror !== null && (
          <button type="button" className="button" disabled={fetching !== null} onClick={reset}>
            {text.mirrorReset}
          </button>
        )}
      </form>
      {refused && (
        <p className="packs-refused" id={`${id}-refused`} role="alert">
          {text.mirrorBad}
        </p>
      )}
    </section>
  );
}
