import { Copy, ShieldCheck, TriangleAlert } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import type { ThreadRequests } from '../shared/requests.ts';
import { workerRequests } from '../workers/client.ts';
import { FactList } from './fact-list.tsx';
import { decimal, megabytes } from './format.ts';
import { currentLocale } from './language.ts';
import { messages } from './messages.ts';
import { ScrolledTable } from './model-card-tables.tsx';
import { connectRule, logText, type NetworkLog, networkLog, type RequestRow } from './network-log.ts';
import { onPageRequests, pageRequests } from './request-record.ts';
import { useSession } from './session-context.ts';

const text = messages.network;

/** The analysis cannot tell of a request by itself. */
const ASK_MS = 2000;

interface Known {
  page: ThreadRequests;
  /** Null: it cannot tell; undefined: it has not answered yet. */
  worker: ThreadRequests | null | undefined;
}

function useKnown(): Known {
  const { controller } = useSession();
  const [known, setKnown] = useState<Known>(() => ({ page: pageRequests(), worker: undefined }));
  useEffect(() => {
    let asking = false;
    let closed = false;
    const ask = async () => {
      if (asking) return;
      asking = true;
      const worker = await controller.requests();
      asking = false;
      if (!closed) setKnown({ page: pageRequests(), worker });
    };
    void ask();
    const timer = setInterval(() => void ask(), ASK_MS);
    const stop = onPageRequests(() => setKnown((last) => ({ ...last, page: pageRequests() })));
    return () => {
      closed = true;
      clearInterval(timer);
      stop();
    };
  }, [controller]);
  return known;
}

/** What the page has asked for, by the browser's own record. */
export function Network() {
  const { page, worker } = useKnown();
  const log = networkLog({ page, ...(worker ? { worker } : {}), ...workerRequests() }, document.baseURI);
  const clean = log.others === log.forPacks;
  const summary = log.others === 0 ? text.summary : text.summaryMixed;
  return (
    <>
      <div className="notice network-verdict" data-clean={clean}>
        {clean ? <ShieldCheck size={18} aria-hidden="true" /> : <TriangleAlert size={18} aria-hidden="true" />}
        <div className="notice-text">
          <strong>{verdict(log)}</strong> {summary(log.rows.length, megabytes(log.received))}
        </div>
      </div>
      {!worker && <p>{worker === null ? text.silent : text.waiting}</p>}
      <Facts log={log} />
      <Policies page={page.policy} worker={worker?.policy} />
      <section>
        <h3>{text.notes}</h3>
        <ul className="card-list">
          {text.limits.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </section>
      <section>
        <h3>{text.list}</h3>
        <CopyButton log={log} />
        <RequestTable rows={log.rows} />
      </section>
    </>
  );
}

function verdict({ others, forPacks }: NetworkLog): string {
  if (others === 0) return text.nothing;
  return others === forPacks ? text.forPacks(others) : text.something(others);
}

function Facts({ log }: { log: NetworkLog }) {
  const facts: [string, string][] = [
    [text.others, String(log.others)],
    [text.here, String(log.here)],
    [text.received, text.receivedOf(megabytes(log.received))],
    [text.cached, String(log.cached)],
    [text.refused, String(log.refused)],
  ];
  return (
    <section>
      <h3>{text.facts}</h3>
      <FactList className="network-facts" facts={facts} />
    </section>
  );
}

/** `worker` undefined: not known yet. */
function Policies({ page, worker }: { page: string | null; worker: string | null | undefined }) {
  const rules: [string, string | null][] = [[text.policyPage, connectRule(page)]];
  if (worker !== undefined) rules.push([text.policyWorker, connectRule(worker)]);
  return (
    <section>
      <h3>{text.policy}</h3>
      {rules.some(([, rule]) => rule !== null) && <p>{text.policyHint}</p>}
      <FactList
        className="network-facts"
        facts={rules.map(([who, rule]) => [who, rule === null ? text.noPolicy : <code key={who}>{rule}</code>])}
      />
    </section>
  );
}

function CopyButton({ log }: { log: NetworkLog }) {
  const [outcome, setOutcome] = useState('');
  const copy = useCallback(async () => {
    try {
      await navigator.clipboard.writeText(logText(log));
      setOutcome(text.copied);
    } catch {
      setOutcome(text.notCopied);
    }
  }, [log]);
  return (
    <div className="network-copy">
      <button type="button" className="button" onClick={() => void copy()}>
        <Copy size={15} aria-hidden="true" /> {text.copy}
      </button>
      <span role="status">{outcome}</span>
    </div>
  );
}

function RequestTable({ rows }: { rows: readonly RequestRow[] }) {
  return (
    <div className="network-list">
      <ScrolledTable label={text.list} columns={[text.address, text.to, text.bytes, text.when, text.thread]}>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key} data-foreign={row.host !== null}>
              <td>{row.address}</td>
              <td>{row.host ?? text.thisSite}</td>
              <td>{arrivalText(row)}</td>
              <td>{new Date(row.at).toLocaleTimeString(currentLocale())}</td>
              <td>{text.threads[row.thread]}</td>
            </tr>
          ))}
        </tbody>
      </ScrolledTable>
    </div>
  );
}

function arrivalText({ arrival, received }: RequestRow): string {
  switch (arrival) {
    case 'network':
      return text.bytesOf(decimal(received / 1000, received < 9950 ? 1 : 0));
    case 'cache':
      return text.fromCache;
    case 'unchanged':
      return text.unchanged;
    case 'none':
      return text.failed;
  }
}
