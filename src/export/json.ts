/** A session as JSON: everything that was read and said, and everything needed to say how. */
import { provenance } from './provenance.ts';
import type { Session, SessionReading } from './session.ts';

export interface JsonOptions {
  /** 468 points a face are most of the file's size: left out unless asked for. */
  landmarks?: boolean;
  /** When the export was made. */
  at?: Date;
}

const FORMAT = 'emollm-session-1';

function readingJson(reading: SessionReading, withLandmarks: boolean): Record<string, unknown> {
  const { landmarks, points: _, ...rest } = reading;
  // px to a tenth: the landmark graph is no better than that.
  return withLandmarks ? { ...rest, landmarks: Array.from(landmarks, (value) => Math.round(value * 10) / 10) } : rest;
}

/** Two-space indented JSON; numbers that are not finite become null. */
export function sessionJson(session: Session, { landmarks = false, at }: JsonOptions = {}): string {
  return JSON.stringify(
    {
      format: FORMAT,
      ...(at === undefined ? {} : { exportedAt: at.toISOString() }),
      app: session.app,
      model: session.model,
      settings: session.settings,
      provenance: provenance(session, at),
      units: {
        time: 'seconds of media time',
        box: 'px of the frame, origin top left',
        roll: 'radians, clockwise',
        raw: 'as measured on this frame, before smoothing; absent where nothing was smoothed',
        times: 'milliseconds by stage',
      },
      items: session.items.map((item) => ({ ...item, readings: item.readings.map((reading) => readingJson(reading, landmarks)) })),
    },
    null,
    2,
  );
}
