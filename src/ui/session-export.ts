import { explanationsCsv, readingsCsv } from '../export/csv.ts';
import { exportFileName } from '../export/file-name.ts';
import { sessionJson } from '../export/json.ts';
import type { Session, SessionExplanation, SessionItem } from '../export/session.ts';
import type { Reading } from '../shared/readings.ts';
import type { AnalysisState, Explanation, Item } from './analysis-state.ts';

export type ExportKind = 'json' | 'readings-csv' | 'explanations-csv';

/** The page's state as an export sees it. `recorded`: readings of cameras and videos, by item. */
export function buildSession(
  state: AnalysisState,
  recorded: ReadonlyMap<string, Reading[]>,
  settings: Session['settings'],
  version: string,
): Session {
  return {
    app: { version },
    model: state.model.info,
    settings,
    items: state.items.map((item): SessionItem => {
      const snapshot = item.snapshot ?? item.explanations.find((run) => run.snapshot)?.snapshot ?? null;
      return {
        id: item.id,
        name: item.name,
        kind: item.kind,
        width: snapshot?.width ?? 0,
        height: snapshot?.height ?? 0,
        readings: recorded.get(item.id) ?? pictureReadings(item),
        explanations: item.explanations.map(sessionExplanation),
      };
    }),
  };
}

function pictureReadings(item: Item): Reading[] {
  return item.kind === 'picture' ? (item.snapshot?.readings ?? []) : [];
}

function sessionExplanation(run: Explanation): SessionExplanation {
  const { runId, task, time, error, prompt, promptTokens, steps, evidence, answer, tokensPerSecond, times } = run;
  const outcome = run.phase === 'queued' ? 'running' : run.phase;
  return {
    runId,
    task,
    time,
    outcome,
    error,
    prompt,
    promptTokens,
    words: run.words ?? [],
    steps,
    evidence,
    answer,
    tokensPerSecond,
    times,
  };
}

/** Hands the export to the browser as a download. */
export function download(session: Session, kind: ExportKind, at: Date): void {
  const [text, extension, type] = render(session, kind, at);
  saveFile(text, exportFileName(session, extension, at), type);
}

/** Hands a text to the browser as a download. */
export function saveFile(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on the data only once it began.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function render(session: Session, kind: ExportKind, at: Date): [text: string, extension: string, type: string] {
  if (kind === 'json') return [sessionJson(session, { at }), 'json', 'application/json'];
  if (kind === 'readings-csv') return [readingsCsv(session), 'readings.csv', 'text/csv'];
  return [explanationsCsv(session), 'explanations.csv', 'text/csv'];
}
