import { Play, Square, X } from 'lucide-react';
import { useId } from 'react';
import type { Item } from './analysis-state.ts';
import { ErrorText } from './error-text.tsx';
import { clock, decimal, percent } from './format.ts';
import { IconButton } from './icon-button.tsx';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';
import { canGoOn, shareDone, type VideoJob } from './video-job.ts';

/** The videos whose analysis runs, waits, or has ended and was not taken off the list. */
export function VideoJobList({ onOpenFiles }: { onOpenFiles: () => void }) {
  const items = useAppState((state) => state.items);
  const title = useId();
  const listed = items.flatMap((item) => {
    const job = item.jobs?.at(-1);
    return job && !job.dismissed ? [{ item, job }] : [];
  });
  if (listed.length === 0) return null;
  return (
    <section className="setting" aria-labelledby={title}>
      <h3 className="setting-name" id={title}>
        {messages.jobs.queue}
      </h3>
      <ul className="job-list" aria-labelledby={title}>
        {listed.map(({ item, job }) => (
          <JobEntry key={item.id} item={item} job={job} onOpenFiles={onOpenFiles} />
        ))}
      </ul>
    </section>
  );
}

function JobEntry({ item, job, onOpenFiles }: { item: Item; job: VideoJob; onOpenFiles: () => void }) {
  const { controller } = useSession();
  const { videoJobs } = controller;
  const { name } = item;
  const goesOn = job.phase === 'running' || job.phase === 'queued';
  const needsFile = canGoOn(job) && !controller.file(item.id);
  return (
    <li className="job" data-phase={job.phase} aria-label={messages.jobs.jobOf(name)}>
      <div className="job-head">
        <span className="job-name" title={name}>
          {name}
        </span>
        {goesOn && (
          <button
            type="button"
            className="icon-button"
            aria-label={messages.jobs.stop(name)}
            title={messages.stop}
            onClick={() => videoJobs.stop(item.id)}
          >
            <Square size={13} aria-hidden="true" fill="currentColor" />
          </button>
        )}
        {canGoOn(job) && (
          <button
            type="button"
            className="button small"
            aria-label={messages.jobs.goOnOf(name)}
            onClick={() => controller.files.goOn(item.id, onOpenFiles)}
          >
            <Play size={13} aria-hidden="true" /> {messages.jobs.goOn}
          </button>
        )}
        <IconButton name={messages.jobs.removeOf(name)} onClick={() => videoJobs.dismiss(item.id)}>
          <X size={15} aria-hidden="true" />
        </IconButton>
      </div>
      {job.phase !== 'done' && <progress className="job-bar" aria-label={messages.jobs.progress(name)} value={shareDone(job)} max={1} />}
      <JobLine job={job} />
      {job.decoder === 'video-element' && job.phase !== 'done' && <small>{messages.jobs.played}</small>}
      {job.lost.length > 0 && <small>{messages.jobs.lost(job.lost.map(rangeText).join(', '))}</small>}
      {job.error && (
        <small className="job-error">
          <ErrorText error={job.error} />
        </small>
      )}
      {needsFile && <small>{messages.jobs.chooseFile(name)}</small>}
    </li>
  );
}

/** Whole seconds: tenths of a guess only flicker. */
const roughly = (seconds: number): string => clock(Math.round(seconds)).replace(/\.\d$/, '');

const rangeText = ({ from, to }: { from: number; to: number }): string => messages.jobs.range(clock(from), clock(to));

function JobLine({ job }: { job: VideoJob }) {
  const { videoJobs } = useSession().controller;
  const readable = useAppState((state) => state.model.parts.reader.phase === 'ready');
  if (job.phase === 'running') return <RunningLine job={job} />;
  const end = job.to === null ? messages.jobs.end : clock(job.to);
  if (job.phase === 'queued') {
    const waitsTurn = readable || videoJobs.runningItem !== null;
    return <span className="job-line">{waitsTurn ? messages.jobs.queued : messages.jobs.waitsForModel}</span>;
  }
  if (job.phase === 'done') {
    return <span className="job-line">{messages.jobs.done(job.frames, messages.jobs.range(clock(job.from), end))}</span>;
  }
  if (job.phase === 'failed' && job.reached === null) return null; // the error says it
  return (
    <span className="job-line">{job.reached === null ? messages.jobs.notBegun : messages.jobs.stoppedAt(clock(job.reached), end)}</span>
  );
}

function RunningLine({ job }: { job: VideoJob }) {
  const { pace } = useSession().controller.videoJobs;
  if (job.reached === null || job.to === null) return <span className="job-line">{messages.jobs.opening}</span>;
  const parts = [percent(shareDone(job)), messages.jobs.at(clock(job.reached), clock(job.to))];
  if (pace) parts.push(messages.jobs.framesPerSecond(decimal(pace.framesPerSecond, pace.framesPerSecond < 9.95 ? 1 : 0)));
  if (pace?.left) parts.push(messages.jobs.left(roughly(pace.left)));
  return <span className="job-line">{parts.join(' · ')}</span>;
}
