import { expect, test } from 'vitest';
import type { RequestRecord, ThreadRequests } from '../shared/requests.ts';
import { connectRule, logText, networkLog } from './network-log.ts';

const BASE = 'http://localhost:4173/app/?lang=de';
const request = (url: string, more: Partial<RequestRecord> = {}): RequestRecord => ({
  url,
  initiator: 'fetch',
  at: 0,
  received: 1300,
  body: 1000,
  status: 200,
  ...more,
});
const thread = (requests: RequestRecord[], refused = 0): ThreadRequests => ({ requests, refused, policy: null });

test('requests of both threads in their order; addresses as short as can be; the page’s own memory is none', () => {
  const { rows, here, others, received, refused } = networkLog(
    {
      page: thread(
        [request('http://localhost:4173/app/?lang=de', { at: 1 }), request('blob:http://localhost:4173/1-2'), request('data:image/png,x')],
        2,
      ),
      worker: thread(
        [request('http://localhost:4173/app/models/m.onnx', { at: 3 }), request('http://localhost:4173/ort/o.wasm', { at: 2 })],
        1,
      ),
    },
    BASE,
  );
  expect(rows.map((row) => [row.thread, row.address, row.host])).toEqual([
    ['page', '?lang=de', null],
    ['worker', 'http://localhost:4173/ort/o.wasm', null],
    ['worker', 'models/m.onnx', null],
  ]);
  expect([here, others, received, refused]).toEqual([3, 0, 3900, 3]);
});

test('another host is one, also on another port', () => {
  const { rows, here, others } = networkLog(
    { page: thread([request('http://localhost:4174/app/x.js'), request('wss://elsewhere.example/s')]) },
    BASE,
  );
  expect(rows.map(({ host }) => host)).toEqual(['localhost:4174', 'elsewhere.example']);
  expect([here, others]).toEqual([0, 2]);
});

test('what the packs’ worker asks of a hub is told apart from what nobody asked for', () => {
  const hub = thread([request('https://hub.example/api'), request('http://localhost:4173/app/models/index.json')]);
  expect(networkLog({ page: thread([request(BASE)]), packs: hub }, BASE)).toMatchObject({ here: 2, others: 1, forPacks: 1 });
  expect(networkLog({ worker: hub }, BASE)).toMatchObject({ others: 1, forPacks: 0 });
});

test('what came over the network, what from the cache, and what did not come', () => {
  const url = 'http://localhost:4173/app/x';
  const cases = [
    request(url, { at: 1 }),
    request(url, { at: 2, received: 0 }),
    request(url, { at: 3, received: 300 }),
    request(url, { at: 4, received: 0, body: 0, status: 0 }),
    request(url, { at: 5, received: 300, body: 0, status: 304 }),
  ];
  const { rows, cached, received } = networkLog({ page: thread(cases) }, BASE);
  expect(rows.map(({ arrival }) => arrival)).toEqual(['network', 'cache', 'unchanged', 'none', 'unchanged']);
  expect([cached, received]).toEqual([3, 1900]);
});

test('the rule of a policy that says where a page may connect to', () => {
  expect(connectRule("default-src 'self'; connect-src 'self' blob:; img-src *")).toBe("connect-src 'self' blob:");
  expect(connectRule("default-src 'none';img-src *")).toBe("default-src 'none'");
  expect([connectRule('img-src *'), connectRule(null)]).toEqual([null, null]);
});

test('the copy has a line for each request, in English and UTC', () => {
  const log = networkLog({ worker: thread([request('http://localhost:4173/app/a.bin', { at: Date.UTC(2026, 0, 2, 3, 4, 5) })]) }, BASE);
  expect(logText(log)).toBe(
    'time\tthread\thost\taddress\tarrival\tbytes_received\n2026-01-02T03:04:05.000Z\tworker\tthis site\ta.bin\tnetwork\t1300\n',
  );
});
