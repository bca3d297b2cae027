import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchedPack } from './pack-fetch.ts';

const CONTENT = new Uint8Array(90_000).map((_, index) => (index * 31) & 255);
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    switch (request.url) {
      case '/pack/plain.bin':
        response.writeHead(200, { 'content-length': CONTENT.length, 'content-type': 'application/octet-stream' }).end(CONTENT);
        break;
      case '/pack/chunked.bin':
        response.writeHead(200).write(CONTENT.subarray(0, 1000));
        response.end(CONTENT.subarray(1000));
        break;
      case '/pack/zipped.bin':
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(CONTENT));
        break;
      case '/pack/broken.bin':
        response.writeHead(200, { 'content-length': CONTENT.length }).write(CONTENT.subarray(0, 1000), () => response.destroy());
        break;
      case '/pack/app-route.bin':
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html>');
        break;
      case '/pack/refused.bin':
        response.writeHead(503).end();
        break;
      default:
        response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pack/`;
});
afterAll(() => {
  server.close();
});

describe('fetchedPack', () => {
  it.each(['plain.bin', 'chunked.bin', 'zipped.bin'])('reads %s whole and tells the bytes as they come', async (path) => {
    const told: number[] = [];
    const read = await fetchedPack(url).read(path, (bytes) => told.push(bytes));
    expect(read).toEqual({ ok: true, value: CONTENT });
    expect(told.at(-1)).toBe(CONTENT.length);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  it('says that a file is not there, also where a web page comes in its place', async () => {
    expect(await fetchedPack(url).read('nothing.bin', () => {})).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
    const page = await fetchedPack(url).read('app-route.bin', () => {});
    expect(page).toMatchObject({ ok: false, error: { code: 'pack-missing', detail: expect.stringContaining('web page') } });
  });

  it('says that a file cannot be had', async () => {
    expect(await fetchedPack(url).read('refused.bin', () => {})).toMatchObject({ ok: false, error: { code: 'file-unreadable' } });
    expect(await fetchedPack(url).read('broken.bin', () => {})).toMatchObject({ ok: false, error: { code: 'file-unreadable' } });
    expect(await fetchedPack('http://127.0.0.1:1/').read('plain.bin', () => {})).toMatchObject({
      ok: false,
      error: { code: 'file-unreadable' },
    });
  });
});
