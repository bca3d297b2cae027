/** A MediaRecorder for tests: says what a browser's would, when the test lets it. */
export class FakeMediaRecorder extends EventTarget {
  static supported: (type: string) => boolean = (type) => type.startsWith('video/webm');
  static made: FakeMediaRecorder[] = [];
  static isTypeSupported(type: string): boolean {
    return FakeMediaRecorder.supported(type);
  }

  state: 'inactive' | 'recording' | 'paused' = 'inactive';
  readonly options: MediaRecorderOptions;

  constructor(_stream: unknown, options: MediaRecorderOptions) {
    super();
    this.options = options;
    FakeMediaRecorder.made.push(this);
  }

  start(): void {
    this.state = 'recording';
  }
  pause(): void {
    this.state = 'paused';
  }
  resume(): void {
    this.state = 'recording';
  }

  /** So many bytes are encoded. */
  give(bytes: number): void {
    this.dispatchEvent(Object.assign(new Event('dataavailable'), { data: new Blob(['v'.repeat(bytes)]) }));
  }

  /** As browsers do, the last piece comes before the end; the same where all tracks have ended. */
  stop(): void {
    if (this.state === 'inactive') return;
    this.state = 'inactive';
    this.give(1);
    this.dispatchEvent(new Event('stop'));
  }

  fail(): void {
    this.dispatchEvent(Object.assign(new Event('error'), { error: 'EncodingError' }));
  }
}
