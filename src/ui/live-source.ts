import { openCamera } from '../media/camera.ts';
import type { MediaFrame } from '../media/frame.ts';
import { followFrames } from '../media/live-frames.ts';
import { Pacer, type PacerStats } from '../media/pacer.ts';
import { openVideo } from '../media/video-file.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import { ok, type Result } from '../shared/result.ts';

interface LiveSize {
  width: number;
  height: number;
}

/** Nobody is told: who stopped it knows. */
const stoppedCamera: Result<never> = {
  ok: false,
  error: { code: 'cancelled', message: 'Starting the camera was stopped.', remedy: 'Start it again.' },
};

/**
 * One camera or video at a time: its element, its frames at the pace of the analysis. Knows nothing of
 * readings; `analyze` takes each frame and says when it is done.
 */
export class LiveSource {
  readonly element: HTMLVideoElement;
  /** The camera's picture is shown as a mirror. */
  mirrored = false;
  #pacer: Pacer | null = null;
  #unfollow: (() => void) | null = null;
  #release: (() => void) | null = null;
  #opening: AbortController | null = null;
  /** Pausing was asked for, maybe before there was anything to pause. */
  #rests = false;
  readonly #analyze: (frame: MediaFrame) => Promise<void>;
  readonly #onFrame: (time: number) => void;

  /** @param onFrame media time of every frame that the source gives, analysed or not */
  constructor(analyze: (frame: MediaFrame) => Promise<void>, onFrame: (time: number) => void) {
    this.element = document.createElement('video');
    this.element.muted = true;
    this.element.playsInline = true;
    this.#analyze = analyze;
    this.#onFrame = onFrame;
  }

  /** The open camera's stream; null where there is none. */
  get stream(): MediaStream | null {
    const { srcObject } = this.element;
    return srcObject instanceof MediaStream ? srcObject : null;
  }

  /** Since the source was opened; null where none is. */
  get stats(): PacerStats | null {
    return this.#pacer?.stats() ?? null;
  }

  /**
   * Null deviceId: the browser's choice. Resolves with what the camera is called and which one it is.
   * @param from media time of its first frame, in seconds: a session whose camera was off for a while goes on
   */
  async openCamera(
    deviceId: string | null,
    from: number,
    onEnded: (error: WireError) => void,
  ): Promise<Result<LiveSize & { label: string; deviceId: string }>> {
    this.close();
    this.#rests = false;
    const opening = new AbortController();
    this.#opening = opening;
    const camera = await openCamera({ deviceId, onEnded });
    if (!camera.ok) return camera;
    if (opening.signal.aborted) {
      camera.value.stop();
      return stoppedCamera;
    }
    this.mirrored = camera.value.mirrored;
    this.element.srcObject = camera.value.stream;
    this.#release = () => {
      camera.value.stop();
      this.element.srcObject = null;
    };
    await this.element.play().catch(() => {}); // refused only where the element was emptied meanwhile
    if (opening.signal.aborted) return stoppedCamera;
    this.#follow(from);
    if (this.#rests) this.pause();
    const { label } = camera.value;
    return ok({ width: this.element.videoWidth, height: this.element.videoHeight, label, deviceId: camera.value.deviceId });
  }

  /** Plays from `from` seconds of media time on. */
  async openVideo(file: Blob, from: number, onBroken: (error: WireError) => void): Promise<Result<LiveSize>> {
    this.close();
    this.#rests = false;
    const opening = new AbortController();
    this.#opening = opening;
    const video = await openVideo(opening.signal, file, this.element, onBroken);
    if (!video.ok) return video;
    this.mirrored = false;
    this.#release = video.value.close;
    if (from > 0) await seek(opening.signal, this.element, from);
    if (opening.signal.aborted) return { ok: false, error: wireError('cancelled', 'Opening the video was stopped.', 'Open it again.') };
    this.#follow(null);
    // A browser may want a click first: then it stands at its first frame.
    if (!this.#rests) await this.element.play().catch(() => {});
    return ok({ width: video.value.width, height: video.value.height });
  }

  /** Camera: no frame is analysed. Video: it stands still. */
  pause(): void {
    this.#rests = true;
    if (this.element.srcObject) this.#pacer?.pause();
    else this.element.pause();
  }

  resume(): void {
    this.#rests = false;
    if (this.element.srcObject) this.#pacer?.resume();
    else void this.element.play().catch(() => {});
  }

  close(): void {
    this.#opening?.abort();
    this.#opening = null;
    this.#unfollow?.();
    this.#pacer?.stop();
    this.#release?.();
    this.#unfollow = null;
    this.#pacer = null;
    this.#release = null;
    this.mirrored = false;
  }

  /** @param from media time of the first frame; null: its own */
  #follow(from: number | null): void {
    const pacer = new Pacer({ analyze: this.#analyze });
    this.#pacer = pacer;
    let shift: number | null = null;
    this.#unfollow = followFrames(this.element, (frame) => {
      // Every camera counts from about zero.
      shift ??= from === null || from === 0 ? 0 : from - frame.time;
      const time = frame.time + shift;
      this.#onFrame(time);
      pacer.offer({ ...frame, time });
    });
  }
}

/** Until the frame of that time is the one that is shown. */
function seek(signal: AbortSignal, element: HTMLVideoElement, time: number): Promise<void> {
  return new Promise((resolve) => {
    element.addEventListener('seeked', () => resolve(), { once: true, signal });
    signal.addEventListener('abort', () => resolve(), { once: true });
    element.currentTime = time;
  });
}
