/** A decoded picture and its media time in seconds. Whoever holds it closes it, or hands it on. */
export interface MediaFrame {
  image: ImageBitmap | VideoFrame;
  time: number;
  /** When a camera took it or a video showed it, milliseconds on the clock of `performance.now`. */
  takenAt?: number;
}
