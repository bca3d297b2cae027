/** Cameras: which there are, opening one, and every way in which that fails, each with its own way on. */
import { type WireError, wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';

export interface CameraDevice {
  id: string;
  /** The browser hides names until the camera was allowed once: then `Camera 1`, `Camera 2`. */
  label: string;
}

export interface OpenedCamera {
  /** Give it to a `<video>`: `video.srcObject = camera.stream`. */
  stream: MediaStream;
  deviceId: string;
  label: string;
  /** Show it as a mirror: true but for a camera that looks away from the user. */
  mirrored: boolean;
  /** Ends the track: the camera's light goes off. `onEnded` is not called. */
  stop(): void;
}

export interface CameraOptions {
  /** Null takes the one that looks at the user, else any. */
  deviceId: string | null;
  /** Wished for, in px; the camera gives what it has. 1280 × 720 unless told. */
  width?: number;
  height?: number;
  /** The camera went away by itself: unplugged, or taken back by the system. */
  onEnded: (error: WireError) => void;
}

/** All cameras; empty where there are none or the browser has no such interface. */
export async function listCameras(): Promise<CameraDevice[]> {
  if (!hasCameras()) return [];
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices
      .filter((device) => device.kind === 'videoinput')
      .map((device, index) => ({ id: device.deviceId, label: device.label === '' ? `Camera ${index + 1}` : device.label }));
  } catch {
    return []; // refused by a permissions policy: opening will say so with a remedy
  }
}

/** Calls with the new list when a camera is plugged in or out; returns the way to end that. */
export function onCamerasChanged(listener: (devices: CameraDevice[]) => void): () => void {
  if (!hasCameras()) return () => {};
  const changed = () => void listCameras().then(listener);
  navigator.mediaDevices.addEventListener('devicechange', changed);
  return () => navigator.mediaDevices.removeEventListener('devicechange', changed);
}

/** Opens a camera; errors camera-none, camera-denied, camera-in-use, camera-failed. */
export async function openCamera(options: CameraOptions): Promise<Result<OpenedCamera>> {
  if (!hasCameras()) {
    return fail(
      wireError(
        'camera-failed',
        'The browser gives this page no camera.',
        'Open the page over https or on localhost, or open a file instead.',
      ),
    );
  }
  const video: MediaTrackConstraints = { width: { ideal: options.width ?? 1280 }, height: { ideal: options.height ?? 720 } };
  if (options.deviceId === null) video.facingMode = { ideal: 'user' };
  else video.deviceId = { exact: options.deviceId };
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (error) {
    return fail(cameraError(error));
  }
  const track = stream.getVideoTracks()[0];
  if (track === undefined)
    return fail(wireError('camera-failed', 'The camera gives no picture.', 'Choose another camera, or open a file instead.'));
  track.addEventListener('ended', () =>
    options.onEnded(wireError('camera-failed', 'The camera went away.', 'Plug it in again and press Start camera, or choose another one.')),
  );
  const settings = track.getSettings();
  return ok({
    stream,
    deviceId: settings.deviceId ?? options.deviceId ?? '',
    label: track.label,
    mirrored: settings.facingMode !== 'environment',
    stop: () => {
      for (const each of stream.getTracks()) each.stop();
    },
  });
}

/** `mediaDevices` is missing outside secure contexts, whatever the types say. */
function hasCameras(): boolean {
  return typeof navigator !== 'undefined' && 'mediaDevices' in navigator && navigator.mediaDevices !== undefined;
}

/** getUserMedia's failure → code and remedy. The old names are Chrome's before 65, still met in web views. */
export function cameraError(error: unknown): WireError {
  const name = error instanceof Error ? error.name : '';
  const message = error instanceof Error ? error.message : String(error);
  const detail = name === '' ? message : `${name}: ${message}`;
  switch (name) {
    case 'NotFoundError':
    case 'DevicesNotFoundError':
      return wireError('camera-none', 'No camera was found.', 'Plug one in and press Start camera, or open a file instead.', detail);
    case 'OverconstrainedError':
    case 'ConstraintNotSatisfiedError':
      return wireError('camera-none', 'The chosen camera is not there any more.', 'Choose another camera, or open a file instead.', detail);
    case 'NotAllowedError':
    case 'PermissionDeniedError':
      if (/system/i.test(message)) {
        return wireError(
          'camera-denied',
          'The system does not let this browser use the camera.',
          'Allow the browser in the system’s privacy settings for the camera, then press Start camera. Or open a file instead.',
          detail,
        );
      }
      return wireError(
        'camera-denied',
        'The camera was not allowed.',
        'Allow it from the camera sign in the address bar, then press Start camera. Or open a file instead.',
        detail,
      );
    case 'SecurityError':
      return wireError(
        'camera-denied',
        'Cameras are switched off for this page.',
        'Allow cameras in the browser’s settings, or open a file instead.',
        detail,
      );
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return wireError(
        'camera-in-use',
        'Camera is used by another program.',
        'Close it and press Start camera, or open a file instead.',
        detail,
      );
    default:
      return wireError(
        'camera-failed',
        'The camera could not be started.',
        'Try again, choose another camera, or open a file instead.',
        detail,
      );
  }
}
