/** A video's analysis as a file: what is to be read, and how far it is. Pure; knows neither the queue nor frames. */
import type { WireError } from '../shared/errors.ts';
import type { VideoDecoderName, VideoFacts } from '../shared/events.ts';

/** Seconds of media time. */
export interface Stretch {
  from: number;
  to: number;
}

/** What the user asks for. */
export interface JobWish {
  /** Seconds of media time; `to` null: to the end. */
  from: number;
  to: number | null;
  /** So many frames a second, counted from `from`; null: every frame. */
  framesPerSecond: number | null;
}

export const JOB_PHASES = ['queued', 'running', 'stopped', 'done', 'failed'] as const;

export interface VideoJob extends JobWish {
  phase: (typeof JOB_PHASES)[number];
  /** Time constant in seconds of media time, as it was when the job was made; 0 is raw. */
  smoothing: number;
  /** Media time of the last frame that was read and kept; null before the first. */
  reached: number | null;
  /** How many were read. */
  frames: number;
  /** Damaged stretches without frames. */
  lost: readonly Stretch[];
  /** Null until the file is open. */
  decoder: VideoDecoderName | null;
  codec: string;
  /** px of the frames that were read; 0 before the first. */
  width: number;
  height: number;
  /** Bytes of the file, by which it is known when it is opened again. */
  size: number;
  error: WireError | null;
  /** The user does not want to see it in the list any more. */
  dismissed?: true;
}

export function newJob(wish: JobWish, smoothing: number, size: number): VideoJob {
  return {
    ...wish,
    phase: 'queued',
    smoothing,
    reached: null,
    frames: 0,
    lost: [],
    decoder: null,
    codec: '',
    width: 0,
    height: 0,
    size,
    error: null,
  };
}

/** The job's range is that of the file from now on. */
export function opened(job: VideoJob, facts: VideoFacts): VideoJob {
  return { ...job, to: Math.min(job.to ?? facts.end, facts.end), decoder: facts.decoder, codec: facts.codec };
}

/** As it comes back after a reload: nothing runs and nothing waits. */
export function atRest(job: VideoJob): VideoJob {
  return job.phase === 'running' || job.phase === 'queued' ? { ...job, phase: 'stopped' } : job;
}

/** It will not go on: what was read is all that it is about. Null where nothing was. */
export function givenUp(job: VideoJob): VideoJob | null {
  const stretch = stretchOf(job);
  return stretch && { ...job, ...stretch, phase: 'done', error: null, dismissed: true };
}

/** Whether Go on has something to go on with: what this browser cannot decode, it cannot decode at the next try either. */
export function canGoOn({ phase, error }: VideoJob): boolean {
  return phase === 'stopped' || (phase === 'failed' && error?.code !== 'video-codec' && error?.code !== 'file-unsupported');
}

/** The stretch whose frames were read; null where none was. */
export function stretchOf({ from, to, reached, phase }: VideoJob): Stretch | null {
  if (reached === null) return null;
  return { from: Math.min(from, reached), to: phase === 'done' && to !== null ? to : reached };
}

/** [0, 1]; 0 while the file's length is not known. */
export function shareDone({ from, to, reached, phase }: VideoJob): number {
  if (phase === 'done') return 1;
  if (reached === null || to === null || to <= from) return 0;
  return Math.min(1, Math.max(0, (reached - from) / (to - from)));
}

/** The job that read the frame of a time; null where none did. */
export function jobAt(jobs: readonly VideoJob[], time: number): VideoJob | null {
  return (
    jobs.find((job) => {
      const stretch = stretchOf(job);
      return stretch !== null && time >= stretch.from && time <= stretch.to;
    }) ?? null
  );
}

/** What is left of earlier jobs where a stretch is read anew. */
export function clipped(jobs: readonly VideoJob[], { from, to }: Stretch): VideoJob[] {
  return jobs.flatMap((job): VideoJob[] => {
    const stretch = stretchOf(job);
    if (!stretch) return [];
    if (stretch.to <= from || stretch.from >= to) return [job];
    const left = { from: stretch.from, to: from };
    const right = { from: to, to: stretch.to };
    return [left, right]
      .filter((each) => each.to > each.from)
      .map((each): VideoJob => ({ ...job, ...each, reached: each.to, phase: 'done' }));
  });
}
