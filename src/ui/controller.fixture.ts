/** A controller on a page without a screen: canvases that draw nothing, and a worker that does what the test says. */
import { vi } from 'vitest';
import type { SessionReading } from '../export/session.ts';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import type { Fault } from '../shared/faults.ts';
import type { LoadOptions } from '../workers/api.ts';
import type { Analyzer } from './analyzer.ts';
import { OWN_PACK } from './pack-choice.ts';
import { SessionController } from './session-controller.ts';
import type { ItemRecord, KeptItem, KeptSession } from './session-record.ts';
import { StateStore } from './state-store.ts';

const INFO: ModelInfo = { packId: 'tiny', packVersion: '1', packHash: '', graphs: [], adapter: '', threads: 1, choices: null, notes: [] };

interface ControllerOptions {
  explainPeaks?: boolean;
  /** px of a new canvas; 0 while nothing was drawn. */
  canvas?: { width: number; height: number };
  /** What the worker does, of what it is asked; it loads nothing by itself. */
  worker: (hear: (event: AnalysisEvent) => void) => Partial<Analyzer>;
}

/** `ready` tells that all parts are loaded, `lose` that the worker is lost: how it is loaded anew. Stubs globals: unstub them after each test. */
export function openController({ explainPeaks = false, canvas = { width: 0, height: 0 }, worker }: ControllerOptions) {
  const emptyCanvas = () => ({
    ...canvas,
    getContext: () => ({ drawImage: () => {}, clearRect: () => {} }),
    toBlob: (done: BlobCallback) => done(null),
  });
  const video = { play: async () => {}, pause: () => {}, addEventListener: () => {}, removeEventListener: () => {}, readyState: 0 };
  vi.stubGlobal('document', {
    hidden: false,
    addEventListener: () => {},
    removeEventListener: () => {},
    createElement: (name: string) => (name === 'canvas' ? emptyCanvas() : { ...video }),
  });
  vi.stubGlobal('createImageBitmap', async ({ width, height }: ImageBitmap) => ({ width, height, close: () => {} }));
  const store = new StateStore();
  let say: (event: AnalysisEvent) => void = () => {};
  let lose: (fault: Fault) => LoadOptions | null = () => null;
  const controller = new SessionController({
    store,
    startAnalyzer: (hear, recover) => {
      say = hear;
      lose = (fault) => recover?.(fault) ?? null;
      return {
        load: async () => {},
        dispose: () => {},
        requests: async () => null,
        read: async () => {},
        explain: async () => {},
        analyzeVideo: async () => {},
        ...worker(hear),
      };
    },
    address: { pack: 'tiny', packNamed: true, foundation: null, backend: null, graphBackends: {} },
    packs: OWN_PACK,
    backend: 'auto',
    smoothing: 0,
    explainPeaks,
    cameraNoticed: true,
    baseUrl: 'http://localhost/',
  });
  const ready = () => {
    for (const part of ['faces', 'reader', 'language-model'] as const) say({ type: 'ready', part, info: INFO });
  };
  return { controller, store, ready, say: (event: AnalysisEvent) => say(event), lose: (fault: Fault) => lose(fault) };
}

/** A video as it comes out of the browser's storage; without a file unless one is given. */
export function keptVideo(record: Partial<ItemRecord>, readings: SessionReading[], file: Blob | null = null): KeptItem {
  return {
    record: {
      id: 'v',
      kind: 'video',
      name: 'interview.mp4',
      phase: 'ready',
      error: null,
      snapshot: null,
      explanations: [],
      people: { names: {}, sameAs: {} },
      marks: [],
      takes: [],
      mirrored: false,
      ...record,
    },
    readings,
    file,
    thumbnail: null,
    last: null,
    frames: new Map(),
    takes: new Map(),
    pieces: new Map(),
  };
}

/** The first of the items is the one on the stage. */
export function keptSession(items: KeptItem[]): KeptSession {
  const itemIds = items.map(({ record }) => record.id);
  const record = {
    id: 's',
    format: 1,
    app: '1',
    createdAt: 0,
    savedAt: 0,
    task: 'emotion',
    readings: 0,
    bytes: 0,
    deletedAt: null,
  } as const;
  return { record: { ...record, itemIds, selectedId: itemIds[0] ?? null }, items };
}
