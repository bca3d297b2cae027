import { expect, test } from 'vitest';
import { type RequestRecord, requestNews, type ThreadRequests } from '../shared/requests.ts';
import { RequestsLog } from './requests-log.ts';

const request = (url: string): RequestRecord => ({ url, initiator: 'fetch', at: 0, received: 1, body: 1, status: 200 });
const requests = (urls: string[], refused = 0): ThreadRequests => ({ requests: urls.map(request), refused, policy: "connect-src 'self'" });

test('what workers tell is kept by thread, also of those that have ended; what else they say is none of it', () => {
  const log = new RequestsLog();
  const worker = () => new EventTarget() as unknown as Worker;
  const tell = (from: Worker, data: unknown) => from.dispatchEvent(new MessageEvent('message', { data }));
  const [first, second, other] = [worker(), worker(), worker()];
  expect(log.note('video-export', first)).toBe(first);
  log.note('video-export', second);
  log.note('packs', other);
  expect(log.all()).toEqual({});
  tell(first, { id: 'x', type: 'RAW', value: 1 });
  tell(first, null);
  tell(first, requestNews(requests(['a', 'b'])));
  tell(first, requestNews(requests([], 1)));
  tell(second, requestNews(requests(['c'])));
  tell(other, requestNews(requests(['https://hub.example/model'])));
  expect(log.all()).toEqual({ 'video-export': requests(['a', 'b', 'c'], 1), packs: requests(['https://hub.example/model']) });
});
