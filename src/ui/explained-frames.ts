/**
 * The frames that were explained, by run: the newest as they are, the others compressed and unpacked when they are looked at. Knows neither
 * the stage nor the storage.
 */
import { KeptFrames } from './kept-frames.ts';

/** About 160 frames of 1920 × 1080, or 800 of a usual camera; beyond that, the oldest of them are given up. */
const MOST_BYTES = 64e6;

interface FrameCodec {
  /** Null where the browser makes none. */
  compress: (image: ImageBitmap) => Promise<Blob | null>;
  /** Rejects where it is no picture. */
  unpack: (blob: Blob) => Promise<ImageBitmap>;
}

interface Packed {
  /** Resolves with null where there is none. */
  blob: Promise<Blob | null>;
  /** 0 until it is known. */
  bytes: number;
}

export class ExplainedFrames {
  readonly #codec: FrameCodec;
  readonly #mostBytes: number;
  readonly #whole = new KeptFrames();
  /** The oldest first. */
  readonly #packed = new Map<string, Packed>();

  constructor(codec: FrameCodec, mostBytes: number = MOST_BYTES) {
    this.#codec = codec;
    this.#mostBytes = mostBytes;
  }

  /** Takes the image, and closes it in time. */
  keep(runId: string, image: ImageBitmap): void {
    // Before it may be closed for others.
    this.#pack(
      runId,
      this.#codec.compress(image).catch(() => null),
      0,
    );
    this.#whole.keep(runId, image);
  }

  /** One that was compressed in an earlier visit. */
  keepPacked(runId: string, blob: Blob): void {
    this.#pack(runId, Promise.resolve(blob), blob.size);
  }

  has(runId: string): boolean {
    return this.#whole.get(runId) !== null || this.#packed.has(runId);
  }

  /** One that need not be unpacked. Whoever looks at it must not close it. */
  get(runId: string): ImageBitmap | null {
    return this.#whole.get(runId);
  }

  /** Likewise, unpacked if need be; null where it was given up or is no picture. */
  async open(runId: string): Promise<ImageBitmap | null> {
    const whole = this.#whole.get(runId);
    if (whole) return whole;
    const blob = await this.packed(runId);
    const image = blob && (await this.#codec.unpack(blob).catch(() => null));
    if (!image) return null;
    // Somebody else may have been faster, or nobody wants it any more.
    const known = this.#whole.get(runId);
    if (known || !this.#packed.has(runId)) {
      image.close();
      return known;
    }
    this.#whole.keep(runId, image);
    return image;
  }

  /** As it is stored; null where there is none. */
  packed(runId: string): Promise<Blob | null> {
    return this.#packed.get(runId)?.blob ?? Promise.resolve(null);
  }

  forget(runIds: string[]): void {
    this.#whole.forget(runIds);
    for (const runId of runIds) this.#packed.delete(runId);
  }

  #pack(runId: string, blob: Promise<Blob | null>, bytes: number): void {
    const packed: Packed = { blob, bytes };
    this.#packed.set(runId, packed);
    this.#makeRoom();
    if (bytes > 0) return;
    void blob.then((made) => {
      packed.bytes = made?.size ?? 0;
      this.#makeRoom();
    });
  }

  #makeRoom(): void {
    let bytes = 0;
    for (const each of this.#packed.values()) bytes += each.bytes;
    for (const [oldest, each] of this.#packed) {
      if (bytes <= this.#mostBytes) return;
      bytes -= each.bytes;
      this.#packed.delete(oldest);
    }
  }
}
