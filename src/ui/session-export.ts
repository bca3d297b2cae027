import { archiveName, type ExportFile, exportFiles } from '../export/files.ts';
import type { ExportKind } from '../export/kinds.ts';
import type { Session, SessionExplanation, SessionItem, SessionReading, VideoAnalysis } from '../export/session.ts';
import type { Evidence, Reading } from '../shared/readings.ts';
import type { AnalysisState, Explanation, Item } from './analysis-state.ts';
import { later } from './later.ts';
import { asPeople, evidenceOfPeople, framesOf, namesOfPeople, type People } from './people.ts';
import { saveFile } from './save-file.ts';
import { stretchOf, type VideoJob } from './video-job.ts';

const zip = later(() => import('fflate'));

/** The page's state as an export sees it: faces that the user merged are one, under the names that were given. `recorded`: readings of cameras and videos, by item. */
export function buildSession(
  state: AnalysisState,
  recorded: ReadonlyMap<string, Iterable<SessionReading>>,
  settings: Session['settings'],
  version: string,
): Session {
  return {
    app: { version },
    model: state.model.info,
    settings,
    items: state.items.map((item): SessionItem => {
      const snapshot = item.snapshot ?? item.explanations.find((run) => run.snapshot)?.snapshot ?? null;
      const job = item.jobs?.findLast(({ width }) => width > 0);
      const analyses = (item.jobs ?? []).flatMap((each) => videoAnalysis(each) ?? []);
      return {
        id: item.id,
        name: item.name,
        kind: item.kind,
        width: snapshot?.width ?? job?.width ?? 0,
        height: snapshot?.height ?? job?.height ?? 0,
        names: namesOfPeople(item.people),
        readings: [...framesOf(recorded.get(item.id) ?? pictureReadings(item))].flatMap((frame) => asPeople(frame, item.people)),
        ...(analyses.length > 0 && { analyses }),
        explanations: item.explanations.map((run) => sessionExplanation(run, item.people)),
        ...(item.marks.length > 0 && { marks: item.marks }),
        ...(item.cuts && item.cuts.length > 0 && { cuts: item.cuts }),
      };
    }),
  };
}

function videoAnalysis(job: VideoJob): VideoAnalysis | null {
  const stretch = stretchOf(job);
  if (!stretch) return null;
  const { framesPerSecond, frames, decoder, codec, smoothing, lost } = job;
  return { ...stretch, framesPerSecond, frames, decoder: decoder ?? '', codec, smoothing, lost };
}

function pictureReadings(item: Item): Reading[] {
  return item.kind === 'picture' ? (item.snapshot?.readings ?? []) : [];
}

function sessionExplanation(run: Explanation, people: People): SessionExplanation {
  const { runId, task, time, error, prompt, promptTokens, steps, evidence, answer, tokensPerSecond, times, auto, wordsGiven } = run;
  const { madeBy, prompting } = run;
  const known = (each: Evidence) => evidenceOfPeople(each, people);
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
    ...(wordsGiven !== undefined && { wordsGiven }),
    steps,
    evidence: {
      observe: evidence.observe.map(known),
      cues: evidence.cues.map(known),
      reason: evidence.reason.map(known),
      answer: evidence.answer.map(known),
    },
    answer,
    tokensPerSecond,
    times,
    ...(auto && { auto }),
    ...(madeBy && { madeBy }),
    ...(prompting && { prompting }),
  };
}

/** Hands the export to the browser as a download; several files as one archive. Rejects where the archiver cannot be fetched. */
export async function download(session: Session, kind: ExportKind, at: Date): Promise<void> {
  const files = exportFiles(session, kind, at);
  const [file, ...more] = files;
  if (file && more.length === 0) saveFile(file.text, file.path, file.type);
  else saveFile(await archive(files, at), archiveName(session, kind, at), 'application/zip');
}

/** A ZIP of text files; the archiver is loaded when it is first needed. */
export async function archive(files: readonly ExportFile[], at: Date): Promise<Uint8Array<ArrayBuffer>> {
  const { strToU8, zipSync } = await zip();
  return zipSync(Object.fromEntries(files.map(({ path, text }) => [path, strToU8(text)])), { mtime: at });
}
