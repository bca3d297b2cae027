/** A decoded picture and its media time in seconds. Whoever holds it closes it, or hands it on. */
export interface MediaFrame {
  image: ImageBitmap | VideoFrame;
  time: number;
}
