import { Progress } from 'radix-ui';
import { megabytes } from './format.ts';
import { messages } from './messages.ts';
import type { Fetching } from './packs.ts';
import { useSession } from './session-context.ts';

const text = messages.packs;

/** What is being fetched or opened: one bar over everything. */
export function FetchingBar({ name, fetching }: { name: string; fetching: Fetching }) {
  const { packs } = useSession();
  const { id, progress, stopping } = fetching;
  const share = progress ? progress.loadedBytes / Math.max(1, progress.totalBytes) : 0;
  const bytes = progress ? messages.bytesOf(megabytes(progress.loadedBytes), megabytes(progress.totalBytes)) : '';
  const words = progress?.checking ? text.checking(bytes) : bytes;
  return (
    <div className="packs-fetching">
      <Progress.Root
        className="load-bar packs-progress"
        value={progress ? Math.round(100 * share) : null}
        aria-label={name}
        getValueLabel={() => words}
      >
        <Progress.Indicator className="load-bar-fill" style={{ transform: `scaleX(${share})` }} />
      </Progress.Root>
      <p>
        {stopping ? text.stopping : id === null ? [name, words].filter((each) => each !== '').join(': ') : words || name}
        {!stopping && progress && <small>{progress.path}</small>}
      </p>
      <button type="button" className="button small" disabled={stopping} onClick={() => packs.stop()}>
        {id === null ? text.stopOpening : text.stop}
      </button>
    </div>
  );
}

/** What has its turn later. @param cancel the name of the button @param wanted its key in the list */
export function WaitingLine({ name, cancel, wanted }: { name: string; cancel: string; wanted: number }) {
  const { packs } = useSession();
  return (
    <div className="packs-fetching">
      <p role="status">{name}</p>
      <button type="button" className="button small" aria-label={cancel} onClick={() => packs.giveUp(wanted)}>
        {text.cancel}
      </button>
    </div>
  );
}
