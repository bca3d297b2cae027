/**
 * The evaluation page: `evaluate.html?task=faces&cropped=1&by=language-model&limit=40&items=1&pack=tiny&backend=wasm&data=folder/`.
 * `data` is a folder on the page's own host with labels.csv beside the pictures. For scripts/evaluate-chromium.mjs: the
 * status's `data-state` says when the report, the same as the command line's, stands in #report.
 */
import { openPicture } from '../media/picture-file.ts';
import { wireError } from '../shared/errors.ts';
import { decodeLabels } from '../shared/labels-csv.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { TransferredFrame } from '../workers/api.ts';
import { runEvaluation } from '../workers/client.ts';
import { readAddress } from './settings.ts';
import { trustOwnScripts } from './trusted-types.ts';

trustOwnScripts();

const query = new URLSearchParams(location.search);
const status = document.querySelector('[role=status]') as HTMLElement;

const unreadable = (file: string, detail: string) =>
  wireError('file-unreadable', `${file} cannot be fetched.`, 'Check that the folder given with data= is served beside this page.', detail);

/** A file of the data folder; a server's page for unknown paths is none. */
async function fetchFile(folder: URL, file: string): Promise<Result<Blob>> {
  try {
    const response = await fetch(new URL(file.split('/').map(encodeURIComponent).join('/'), folder));
    if (!response.ok) return fail(unreadable(file, `HTTP ${response.status}`));
    const isPage = /^text\/html\b/i.test(response.headers.get('content-type') ?? '');
    return isPage ? fail(unreadable(file, 'the server answered with a web page')) : ok(await response.blob());
  } catch (error) {
    return fail(unreadable(file, String(error)));
  }
}

/** As the app opens pictures. */
async function picture(folder: URL, file: string): Promise<Result<TransferredFrame>> {
  const blob = await fetchFile(folder, file);
  if (!blob.ok) return blob;
  const opened = await openPicture(blob.value);
  if (!opened.ok) return fail({ ...opened.error, message: `${file}: ${opened.error.message}` });
  try {
    return ok(await opened.value.frame());
  } finally {
    opened.value.close();
  }
}

async function run(): Promise<Result<string>> {
  const address = readAddress(location.search);
  const task = query.get('task') ?? '';
  const by = query.get('by') ?? (task === 'faces' ? 'affect-head' : 'language-model');
  if (by !== 'affect-head' && by !== 'language-model')
    return fail(wireError('usage', `by= cannot be "${by}".`, 'Use affect-head or language-model.'));
  const limit = query.get('limit');
  if (limit !== null && !/^[1-9]\d*$/.test(limit))
    return fail(wireError('usage', `limit= must be a whole number from 1, got "${limit}".`, 'Leave it out to take all rows.'));
  const folder = new URL((query.get('data') ?? '').replace(/\/*$/, '/'), document.baseURI);
  const table = await fetchFile(folder, 'labels.csv');
  if (!table.ok) return table;
  const labels = decodeLabels(new Uint8Array(await table.value.arrayBuffer()));
  if (!labels.ok) return labels;
  return runEvaluation(
    new AbortController().signal,
    {
      packUrl: new URL(`models/${address.pack}/`, document.baseURI).href,
      wasmUrl: new URL('ort/', document.baseURI).href,
      backend: address.backend ?? 'auto',
      graphBackends: address.graphBackends,
      threads: 0,
      task,
      labels: labels.value,
      by,
      cropped: query.get('cropped') === '1',
      limit: limit === null ? null : Number(limit),
      items: query.get('items') === '1',
      skipBroken: query.get('skip') === '1',
    },
    (file) => picture(folder, file),
    (progress) => {
      if (progress.phase === 'judging') status.textContent = `Judged ${progress.done} of ${progress.total}.`;
    },
  );
}

const result = await run();
if (result.ok) {
  (document.querySelector('#report') as HTMLElement).textContent = result.value;
  const { broken_off: brokenOff }: { broken_off?: string } = JSON.parse(result.value);
  status.textContent = brokenOff === undefined ? 'The report is below.' : `It was broken off: the report below is a part. ${brokenOff}`;
  status.dataset.state = brokenOff === undefined ? 'done' : 'failed';
} else {
  const { message, remedy, detail } = result.error;
  status.textContent = `No report. ${message} ${remedy} ${detail ?? ''}`.trim();
  status.dataset.state = 'failed';
}
