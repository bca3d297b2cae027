import { FileArchive, FolderOpen, Scale, X } from 'lucide-react';
import type { StorageFacts } from '../shared/packs.ts';
import { DialogFrame } from './dialog-frame.tsx';
import { ErrorNotice } from './error-notice.tsx';
import { FileButton } from './file-button.tsx';
import { megabytes } from './format.ts';
import { HubField } from './hub-field.tsx';
import { messages } from './messages.ts';
import { FetchingBar, WaitingLine } from './pack-fetching.tsx';
import { PackLine } from './pack-line.tsx';
import type { PackFailure, PacksState } from './packs.ts';
import { said } from './phrases.ts';
import { usePacks, useSession } from './session-context.ts';
import { Choice } from './settings-popover.tsx';
import './packs.css';

const text = messages.packs;

/** The packs of this browser: a dialog that can be closed while one is fetched, and a line under the Model line that stands for it then. */
export function PacksDesk() {
  const { packs, comparison, settings, changeSettings } = useSession();
  const state = usePacks();
  const { entries, storage, fetching, waiting, failures, view } = state;
  const bring = (files: File[]) => void packs.bring(files);
  // What is told by no line of the list.
  const elsewhere = failures.filter((failure) => !entries?.some(({ id }) => id === failure.id));
  const compare = () => {
    packs.close();
    void comparison.open();
  };
  return (
    <>
      {!view.open && <Bar state={state} />}
      <DialogFrame name={text.name} open={view.open} onOpenChange={(open) => (open ? void packs.open() : packs.close())}>
        <p>{text.hint}</p>
        {elsewhere.map((failure) => (
          <div className="packs-failed" key={`${failure.id}/${failure.name}`}>
            {failure.name !== null && <p>{text.notOpened(failure.name)}</p>}
            <ErrorNotice error={failure.error} action={messages.dismiss} onAction={() => packs.dismissFailure(failure)} />
          </div>
        ))}
        {fetching && fetching.id === null && <FetchingBar name={text.opening(fetching.name)} fetching={fetching} />}
        {waiting.map(
          ({ key, name }) =>
            name !== null && <WaitingLine key={key} name={text.openingWaits(name)} cancel={text.cancelOpeningOf(name)} wanted={key} />,
        )}
        {!entries && elsewhere.length === 0 && <p role="status">{text.listing}</p>}
        {entries && (
          <ul className="packs-list" aria-label={text.list}>
            {entries.map((entry) => (
              <PackLine key={entry.id} entry={entry} state={state} />
            ))}
          </ul>
        )}
        <Choice
          label={text.prompting}
          value={settings.prompting}
          names={messages.promptings}
          hint={text.promptingHint}
          onChange={(prompting) => changeSettings({ prompting })}
        />
        <button type="button" className="button packs-compare" onClick={compare}>
          <Scale size={16} aria-hidden="true" /> {text.compare}
        </button>
        <section>
          <h3>{text.import}</h3>
          <p>{text.importHint}</p>
          <div className="packs-row">
            <FileButton folder onFiles={bring}>
              <FolderOpen size={16} aria-hidden="true" /> {text.importFolder}
            </FileButton>
            <FileButton accept=".zip,application/zip" onFiles={bring}>
              <FileArchive size={16} aria-hidden="true" /> {text.importZip}
            </FileButton>
          </div>
        </section>
        <HubField />
        {storage && <Storage storage={storage} />}
      </DialogFrame>
    </>
  );
}

function Storage({ storage: { place, usedBytes, quotaBytes, persisted } }: { storage: StorageFacts }) {
  const used = megabytes(usedBytes);
  return (
    <section>
      <h3>{text.storage}</h3>
      {place === 'memory' && (
        <div className="notice" role="note">
          <div className="notice-text">{text.inMemory}</div>
        </div>
      )}
      <p>{quotaBytes === null ? text.usedUnknown(used) : text.used(used, megabytes(quotaBytes))}</p>
      {place !== 'memory' && <p>{persisted ? text.persisted : text.notPersisted}</p>}
    </section>
  );
}

/** How it goes, while the dialog is closed; gone once it was looked at. */
function Bar({ state: { fetching, waiting, failures, arrived, entries } }: { state: PacksState }) {
  const { packs } = useSession();
  const titleOf = (id: string) => entries?.find((entry) => entry.id === id)?.title ?? id;
  const failed = ({ id, name, error }: PackFailure) =>
    id !== null ? text.barFailed(titleOf(id)) : name !== null ? text.notOpened(name) : said(error.message);
  const parts: string[] = [];
  if (fetching) {
    const { id, name, progress } = fetching;
    const bytes = progress && messages.bytesOf(megabytes(progress.loadedBytes), megabytes(progress.totalBytes));
    parts.push([id === null ? text.opening(name) : text.fetching(titleOf(id)), ...(bytes ? [bytes] : [])].join(': '));
  }
  if (waiting.length > 0) parts.push(text.barWaiting(waiting.length));
  parts.push(...failures.map(failed), ...arrived.map((id) => text.barDone(titleOf(id))));
  if (parts.length === 0) return null;
  return (
    <div className="load-notice">
      <section className="desk-bar" aria-label={text.name}>
        <span>{parts.join(' · ')}</span>
        <button type="button" className="button small" onClick={() => void packs.open()}>
          {text.show}
        </button>
        {!fetching && (
          <button type="button" className="icon-button" aria-label={messages.close} onClick={() => packs.dismiss()}>
            <X size={16} aria-hidden="true" />
          </button>
        )}
      </section>
    </div>
  );
}
