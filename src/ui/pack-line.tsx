import { CircleAlert, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { DownloadPlan, PackEntry } from '../shared/packs.ts';
import { ErrorNotice } from './error-notice.tsx';
import { FactList } from './fact-list.tsx';
import { megabytes } from './format.ts';
import { HUB, hubHost } from './hub-address.ts';
import { IconButton } from './icon-button.tsx';
import { messages } from './messages.ts';
import type { PackChoice } from './pack-choice.ts';
import { FetchingBar, WaitingLine } from './pack-fetching.tsx';
import type { PacksState } from './packs.ts';
import { said } from './phrases.ts';
import { useAppState, usePacks, useSession } from './session-context.ts';

const text = messages.packs;

/** Whether a pack is in use, and which packs would be in use with it, or without it. */
function useOfPack({ id, kind, origin }: PackEntry): { inUse: boolean; withIt: PackChoice; withoutIt: PackChoice } {
  const { controller } = useSession();
  const { packs } = controller;
  if (kind === 'foundation') {
    return { inUse: packs.foundation === id, withIt: { ...packs, foundation: id }, withoutIt: { ...packs, foundation: null } };
  }
  const withoutIt = { ...packs, storedPack: null };
  // What comes with the page is in use where nothing takes its place.
  if (origin === 'site' && id === controller.packName) return { inUse: packs.storedPack === null, withIt: withoutIt, withoutIt };
  return { inUse: packs.storedPack === id, withIt: { ...packs, storedPack: id }, withoutIt };
}

/** One pack: what it is, where it stands, and what can be done with it. */
export function PackLine({ entry, state }: { entry: PackEntry; state: PacksState }) {
  const { controller, packs, changeSettings } = useSession();
  const [asking, setAsking] = useState(false);
  const { id, kind, title, licence, origin } = entry;
  const { inUse, withIt, withoutIt } = useOfPack(entry);
  const isOwn = origin === 'site' && id === controller.packName;
  const fetching = state.fetching?.id === id ? state.fetching : null;
  const planned = state.planned?.id === id ? state.planned : null;
  const waiting = state.waiting.find((each) => each.id === id);
  const failure = state.failures.find((each) => each.id === id);
  const remove = async () => {
    setAsking(false);
    if (inUse && !isOwn) changeSettings(withoutIt);
    await packs.remove(id);
  };
  return (
    <li className="packs-item" data-used={inUse} aria-labelledby={`pack-${id}`}>
      <div className="packs-head">
        <div className="packs-name">
          <h4 id={`pack-${id}`}>
            {title}
            {inUse && <span className="packs-mark">{text.inUse}</span>}
          </h4>
          <p>{[text.kinds[kind], licence, placeOf(entry)].join(' · ')}</p>
          <p>{factsOf(entry).join(' · ')}</p>
        </div>
        <div className="packs-actions">
          {(entry.state === 'stored' || isOwn) && !inUse && !entry.cannotRun && (
            <button type="button" className="button small" aria-label={text.takeOf(title)} onClick={() => changeSettings(withIt)}>
              {text.use}
            </button>
          )}
          {inUse && !isOwn && (
            <button type="button" className="button small" aria-label={text.stopUsingOf(title)} onClick={() => changeSettings(withoutIt)}>
              {text.stopUsing}
            </button>
          )}
          {entry.state !== 'stored' && !isOwn && !planned && !entry.cannotRun && (
            <button
              type="button"
              className="button small"
              aria-label={entry.state === 'partial' ? text.goOnOf(title) : text.downloadOf(title)}
              disabled={fetching !== null || waiting !== undefined}
              onClick={() => void packs.plan(id)}
            >
              {entry.state === 'partial' ? text.goOn : text.download}
            </button>
          )}
          {entry.storedBytes > 0 && (
            <IconButton name={text.delete(title)} disabled={fetching !== null || waiting !== undefined} onClick={() => setAsking(true)}>
              <Trash2 size={17} aria-hidden="true" />
            </IconButton>
          )}
        </div>
      </div>
      {asking && (
        <div className="notice packs-ask" role="alert">
          <div className="notice-text">{deleteQuestion(entry, inUse, isOwn)}</div>
          <button type="button" className="button small" onClick={() => setAsking(false)}>
            {text.cancel}
          </button>
          <button type="button" className="button small" onClick={() => void remove()}>
            {text.deleteYes}
          </button>
        </div>
      )}
      {planned && <PlanView entry={entry} plan={planned.plan} />}
      {fetching && <FetchingBar name={text.fetching(title)} fetching={fetching} />}
      {waiting && <WaitingLine name={messages.jobs.queued} cancel={text.cancelDownloadOf(title)} wanted={waiting.key} />}
      {state.arrived.includes(id) && (
        <p className="packs-arrived" role="status">
          {text.arrived(title)}
        </p>
      )}
      {failure && (
        <>
          <ErrorNotice error={failure.error} action={messages.dismiss} onAction={() => packs.dismissFailure(failure)} />
          {/^hub-/.test(failure.error.code) && <p>{text.goesOn}</p>}
        </>
      )}
      {inUse && kind === 'foundation' && <LoadNotes id={id} />}
    </li>
  );
}

/** Why the pack in use does not answer, where it could not be loaded. */
function LoadNotes({ id }: { id: string }) {
  const info = useAppState((state) => state.model.info);
  const isThere = useAppState((state) => state.model.parts['language-model'].phase !== 'loading');
  if (!isThere || !info || info.foundation?.id === id) return null;
  return (
    <div className="notice" role="note">
      <CircleAlert size={18} aria-hidden="true" />
      <div className="notice-text">{[...info.notes.map(said), text.goesOn].join(' ')}</div>
    </div>
  );
}

function placeOf({ hub, origin }: PackEntry): string {
  if (hub) return text.fromHub(hub.repo, hub.revision.slice(0, 8));
  return origin === 'imported' ? text.origins.imported : text.origins.site;
}

function factsOf({ totalBytes, storedBytes, state, memoryBytes, kind, cannotRun }: PackEntry): string[] {
  if (cannotRun) return [said(cannotRun.message), ...(storedBytes > 0 ? [text.partlyUnknown(megabytes(storedBytes))] : [])];
  const facts = [totalBytes === null ? text.sizeUnknown : text.size(megabytes(totalBytes))];
  if (memoryBytes !== null) facts.push(text.memory(megabytes(memoryBytes)));
  if (kind === 'foundation') facts.push(text.uncalibrated);
  if (state !== 'partial') facts.push(text.states[state]);
  else
    facts.push(
      totalBytes === null ? text.partlyUnknown(megabytes(storedBytes)) : text.partly(megabytes(storedBytes), megabytes(totalBytes)),
    );
  return facts;
}

function deleteQuestion({ title, origin }: PackEntry, inUse: boolean, isOwn: boolean): string {
  if (isOwn && inUse) return text.deleteOwn(title);
  const question = origin === 'imported' ? text.deleteImportedAsk(title) : text.deleteAsk(title);
  return inUse ? `${text.deleteInUse(title)} ${question}` : question;
}

/** What a download takes and whom it talks to, before it begins. */
function PlanView({ entry, plan }: { entry: PackEntry; plan: DownloadPlan | null }) {
  const { packs, settings } = useSession();
  const { fetching } = usePacks();
  const host = entry.hub ? hubHost(settings.mirror ?? HUB) : location.host;
  if (!plan) return <p role="status">{text.asking(host)}</p>;
  const { totalBytes, missingBytes, files, freeBytes, dtypes } = plan;
  const lacking = freeBytes === null ? 0 : missingBytes - freeBytes;
  const rows: [string, string][] = [[text.toFetch, text.toFetchOf(megabytes(missingBytes), files)]];
  if (totalBytes > missingBytes) rows.push([text.here, text.size(megabytes(totalBytes - missingBytes))]);
  rows.push([text.free, freeBytes === null ? text.freeUnknown : text.size(megabytes(freeBytes))]);
  rows.push([text.memoryName, entry.memoryBytes === null ? text.memoryUnknown : text.memoryOf(megabytes(entry.memoryBytes))]);
  const graphs = Object.entries(dtypes).map(([graph, dtype]) => `${graph} ${dtype}`);
  if (graphs.length > 0) rows.push([text.precision, graphs.join(', ')]);
  return (
    <section className="packs-plan" aria-label={text.planOf(entry.title)}>
      <FactList className="packs-facts" facts={rows} />
      {entry.notes.length > 0 && (
        <ul lang="en">
          {entry.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <p>{text.talks(host)}</p>
      {lacking > 0 && (
        <div className="notice" role="alert">
          <CircleAlert size={18} aria-hidden="true" />
          <div className="notice-text">
            <strong>{text.noRoom}</strong> {text.noRoomRemedy(megabytes(lacking))}
          </div>
        </div>
      )}
      <div className="packs-row">
        <button type="button" className="button primary" disabled={lacking > 0} onClick={() => void packs.download(entry.id)}>
          {fetching ? text.startLater : text.start}
        </button>
        <button type="button" className="button" onClick={() => packs.cancelPlan()}>
          {text.cancel}
        </button>
      </div>
    </section>
  );
}
