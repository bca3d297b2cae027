/** As much of the browser's storage as the packs use, in memory: OPFS and Cache Storage. For tests. */

/** A sync handle locks its file, as the browser's do; a full disk takes no more than `room` bytes. */
export class FakeDisk {
  room = Number.POSITIVE_INFINITY;
  readonly root = new FakeDirectory(this);

  get used(): number {
    return this.root.size();
  }
}

class FakeFile {
  readonly kind = 'file';
  bytes = new Uint8Array();
  locked = false;
  readonly #disk: FakeDisk;

  constructor(disk: FakeDisk) {
    this.#disk = disk;
  }

  async getFile(): Promise<File> {
    return new File([this.bytes], 'file');
  }

  async createSyncAccessHandle() {
    if (this.locked) throw new DOMException('locked', 'NoModificationAllowedError');
    this.locked = true;
    return {
      truncate: (size: number) => {
        this.bytes = this.bytes.slice(0, size);
      },
      write: (bytes: Uint8Array, { at }: { at: number }) => {
        const end = Math.max(this.bytes.length, at + bytes.length);
        if (this.#disk.used - this.bytes.length + end > this.#disk.room) throw new DOMException('full', 'QuotaExceededError');
        const grown = new Uint8Array(end);
        grown.set(this.bytes);
        grown.set(bytes, at);
        this.bytes = grown;
        return bytes.length;
      },
      flush: () => {},
      close: () => {
        this.locked = false;
      },
    };
  }
}

export class FakeDirectory {
  readonly kind = 'directory';
  readonly children = new Map<string, FakeDirectory | FakeFile>();
  readonly #disk: FakeDisk;

  constructor(disk: FakeDisk) {
    this.#disk = disk;
  }

  async getDirectoryHandle(name: string, { create = false } = {}): Promise<FakeDirectory> {
    const found = this.children.get(name) ?? (create ? new FakeDirectory(this.#disk) : null);
    if (found === null) throw new DOMException(name, 'NotFoundError');
    if (!(found instanceof FakeDirectory)) throw new DOMException(name, 'TypeMismatchError');
    this.children.set(name, found);
    return found;
  }

  async getFileHandle(name: string, { create = false } = {}): Promise<FakeFile> {
    const found = this.children.get(name) ?? (create ? new FakeFile(this.#disk) : null);
    if (found === null) throw new DOMException(name, 'NotFoundError');
    if (!(found instanceof FakeFile)) throw new DOMException(name, 'TypeMismatchError');
    this.children.set(name, found);
    return found;
  }

  async removeEntry(name: string): Promise<void> {
    if (!this.children.delete(name)) throw new DOMException(name, 'NotFoundError');
  }

  async *entries(): AsyncGenerator<[string, FakeDirectory | FakeFile]> {
    yield* [...this.children];
  }

  size(): number {
    return [...this.children.values()].reduce((sum, child) => sum + (child instanceof FakeFile ? child.bytes.length : child.size()), 0);
  }

  /** The file at that path, where a test wants to damage it. */
  file(...path: string[]): FakeFile {
    const [name = '', ...rest] = path;
    const child = this.children.get(name);
    if (child instanceof FakeDirectory) return child.file(...rest);
    if (child === undefined) throw new Error(`no ${name}`);
    return child;
  }
}

/** `caches` with one cache. */
export class FakeCaches {
  readonly entries = new Map<string, Response>();

  async open() {
    return {
      match: async (url: string) => this.entries.get(url)?.clone(),
      put: async (url: string, response: Response) => void this.entries.set(url, response),
      delete: async (request: string | { url: string }) => this.entries.delete(typeof request === 'string' ? request : request.url),
      keys: async () => [...this.entries.keys()].map((url) => ({ url })),
    };
  }
}

/** `BroadcastChannel`, which in Node passes no blobs. */
export class FakeChannel extends EventTarget {
  static readonly #open = new Set<FakeChannel>();
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
    FakeChannel.#open.add(this);
  }

  postMessage(data: unknown): void {
    const others = [...FakeChannel.#open].filter((channel) => channel !== this && channel.#name === this.#name);
    queueMicrotask(() => {
      for (const channel of others) channel.dispatchEvent(new MessageEvent('message', { data }));
    });
  }

  close(): void {
    FakeChannel.#open.delete(this);
  }
}
