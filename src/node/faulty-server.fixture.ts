/** A server that fails as servers do, and remembers what it was asked. For tests. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  path: string;
  range: string | null;
}

/** What happens to one request in place of the right answer. */
export type Fault = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

export class FaultyServer {
  readonly asked: Asked[] = [];
  readonly files = new Map<string, Buffer>();
  etag: string | null = '"1"';
  ranges = true;
  /** One a request, in order; when they are used up, the server behaves. */
  readonly faults: Fault[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURI((request.url ?? '/').slice(1));
    const range = request.headers.range ?? null;
    this.asked.push({ path, range });
    const body = this.files.get(path);
    const fault = this.faults.shift();
    if (fault) fault(request, response, body ?? Buffer.alloc(0));
    else if (body) this.send(request, response, body);
    else response.writeHead(404).end();
  }

  /** As a good server does. */
  send(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const { part, head, status } = this.#part(request, body);
    response.writeHead(status, head).end(part);
  }

  /** Sends so many bytes of what was asked, then the line goes dead. */
  cutAfter(bytes: number): Fault {
    return (request, response, body) => {
      const { part, head, status } = this.#part(request, body);
      response.writeHead(status, head).write(part.subarray(0, bytes), () => response.destroy());
    };
  }

  #part(request: IncomingMessage, body: Buffer): { part: Buffer; head: Record<string, string | number>; status: number } {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const head: Record<string, string | number> = this.etag === null ? {} : { etag: this.etag };
    if (!range || !this.ranges) return { part: body, head: { ...head, 'content-length': body.length }, status: 200 };
    const from = Number(range[1]);
    const to = range[2] ? Number(range[2]) : body.length - 1;
    if (from >= body.length) return { part: Buffer.alloc(0), head: { ...head, 'content-length': 0 }, status: 416 };
    const part = body.subarray(from, to + 1);
    return { part, head: { ...head, 'content-length': part.length, 'content-range': `bytes ${from}-${to}/${body.length}` }, status: 206 };
  }
}

/** Answers with a status alone. */
export const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  (_request, response) => {
    response.writeHead(code, headers).end();
  };
