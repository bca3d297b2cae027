/** The network seen from outside of the browser: a proxy through which all of it goes, and which lets through only what is for one host. */
import { createServer, request } from 'node:http';
import type { Socket } from 'node:net';

/** What Chromium asks for by itself, with an empty page as well. That the page asks them, its policy forbids, and the inner watch would see. */
const OF_THE_BROWSER = new Set([
  'accounts.google.com',
  'android.clients.google.com',
  'clients2.google.com',
  'clientservices.googleapis.com',
  'content-autofill.googleapis.com',
  'edgedl.me.gvt1.com',
  'mtalk.google.com',
  'optimizationguide-pa.googleapis.com',
  'redirector.gvt1.com',
  'safebrowsing.googleapis.com',
  'update.googleapis.com',
]);

export interface Proxy {
  url: string;
  /** What was asked of any other host, whatever asked for it. */
  foreign: string[];
  /** How many requests it let through. */
  passed: () => number;
  close: () => Promise<void>;
}

/** @param origin of the page's server, which may be asked over plain http */
export async function startProxy(origin: string): Promise<Proxy> {
  const foreign: string[] = [];
  let passed = 0;
  const sockets = new Set<Socket>();
  const refuse = (host: string, what: string): void => {
    if (!OF_THE_BROWSER.has(host)) foreign.push(what);
  };
  const server = createServer((asked, answer) => {
    const url = asked.url ?? '';
    const parsed = URL.canParse(url) ? new URL(url) : null;
    if (parsed?.origin !== origin) {
      refuse(parsed?.hostname ?? '', `${asked.method} ${url}`);
      answer.writeHead(502).end();
      return;
    }
    passed += 1;
    const onward = request(url, { method: asked.method, headers: asked.headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    // The page's server may be gone: that is what being offline is.
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  server.on('connect', (asked, socket) => {
    refuse((asked.url ?? '').split(':', 1)[0] ?? '', `CONNECT ${asked.url}`);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    foreign,
    passed: () => passed,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
