/** The evaluation's worker: judges a pack on labelled pictures where the page's graphs would run. Knows no page and no folder. */
import { expose } from 'comlink';
import { createEngine, type Engine } from '../engine/engine.ts';
import { evaluate } from '../engine/evaluate.ts';
import { reportOf } from '../engine/evaluation-report.ts';
import type { Frame } from '../model/image.ts';
import { wireError } from '../shared/errors.ts';
import { EVALUATION_TASKS, type EvaluationReport } from '../shared/evaluation.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { EvaluationApi } from './api.ts';
import { FramePixels } from './frame-pixels.ts';
import { openWebRuntime } from './ort-web.ts';
import { tellRequests } from './own-requests.ts';
import { openFoundation, openPack } from './pack-load.ts';
import { PulseSender } from './pulse.ts';
import { runsOnGpu } from './web-gpu.ts';

const stopped = new AbortController();
const pulse = new PulseSender();

const asText = (report: Result<EvaluationReport>): Result<string> =>
  report.ok ? ok(`${JSON.stringify(report.value, null, 2)}\n`) : report;

const api: EvaluationApi = {
  watch: (port) => pulse.begin(port),
  async run(options, before, picture, onNews) {
    const { task: asked, by, cropped, limit, items, skipBroken, labels, prompting = 'emoprompt' } = options;
    const task = EVALUATION_TASKS.find((name) => name === asked);
    if (!task) return fail(wireError('usage', `The task cannot be "${asked}".`, `Use one of ${EVALUATION_TASKS.join(', ')}.`));
    let engine: Engine | null = null;
    const opened = await openWebRuntime(options, {
      onWork: pulse.work,
      onDeviceLost: (detail) => {
        if (engine && runsOnGpu(engine.info())) pulse.fault({ kind: 'device-lost', detail });
      },
    });
    if (!opened.ok) return opened;
    const { signal } = stopped;
    const pack = await openPack(options);
    const foundation = await openFoundation(options);
    if (foundation && !foundation.ok) return foundation;
    engine = createEngine(opened.value.runtime, pack.source, {
      notes: [...opened.value.notes, ...pack.notes],
      foundation: foundation?.value ?? null,
      fallback: false,
    });
    for await (const event of engine.load(signal)) {
      if (event.type === 'load-failed') return fail(event.error);
      if (event.type === 'load-progress') onNews({ phase: 'loading', loadedBytes: event.loadedBytes, totalBytes: event.totalBytes });
    }
    void pack.written();
    const pixels = new FramePixels();
    const decode = async (file: string): Promise<Result<Frame>> => {
      const frame = await picture(file);
      if (!frame.ok) return frame;
      try {
        return ok(await pixels.read(frame.value));
      } catch (error) {
        return fail(wireError('internal', `The pixels of ${file} could not be had.`, 'Try it again.', String(error)));
      }
    };
    const report = await evaluate(
      signal,
      engine,
      { labels, decode },
      {
        task,
        by,
        prompting,
        cropped,
        limit,
        items,
        skipBroken,
        keepPartial: true,
        before,
        onBegun: (facts) => onNews({ phase: 'begun', facts }),
        onJudged: (row, seconds) => onNews({ phase: 'judged', row, seconds }),
        onProgress: (done, total) => onNews({ phase: 'judging', done, total }),
      },
    );
    return asText(report);
  },
  async report(options, course, brokenOff) {
    return asText(reportOf(course, { ...options, brokenOff }));
  },
  stop() {
    stopped.abort();
  },
};

tellRequests();
expose(api);
