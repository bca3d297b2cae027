import { FileText, Package } from 'lucide-react';
import { Progress } from 'radix-ui';
import type { ModelInfo, ReadyPart } from '../shared/events.ts';
import { type ModelState, runningExplanation } from './analysis-state.ts';
import { foundationPrecision } from './backend-name.ts';
import { megabytes } from './format.ts';
import { messages } from './messages.ts';
import { ModelCardDialog } from './model-card-dialog.tsx';
import { ModelNotes } from './model-notes.tsx';
import { useAppState, useSession } from './session-context.ts';

const PARTS: readonly ReadyPart[] = ['faces', 'reader', 'language-model'];

/** What is loaded and where it runs; while loading, one bar over everything and the bytes. */
export function ModelStatus() {
  const { packs } = useSession();
  const model = useAppState((state) => state.model);
  const speed = useAppState((state) => runningExplanation(state)?.tokensPerSecond ?? null);
  const ready = PARTS.every((part) => model.parts[part].phase === 'ready');
  const failed = PARTS.some((part) => model.parts[part].phase === 'failed');
  return (
    <div className="model" role="status" aria-label={messages.model} data-phase={failed ? 'failed' : ready ? 'ready' : 'loading'}>
      <span className="model-dot" aria-hidden="true" />
      <p className="model-line">
        {ready ? <span>{messages.modelReady}</span> : PARTS.map((part) => <PartLine key={part} part={part} model={model} />)}
        {model.info && <Machinery info={model.info} />}
        {speed !== null && (
          <span className="model-speed" aria-live="off">
            {messages.tokensPerSecond(speed)}
          </span>
        )}
      </p>
      <ModelNotes />
      <button
        type="button"
        className="model-notes"
        aria-label={messages.packs.name}
        title={messages.packs.name}
        onClick={() => void packs.open()}
      >
        <Package size={15} aria-hidden="true" />
      </button>
      <ModelCardDialog>
        <button type="button" className="model-notes" aria-label={messages.card.name} title={messages.card.name}>
          <FileText size={15} aria-hidden="true" />
        </button>
      </ModelCardDialog>
      {!ready && !failed && <LoadBar model={model} />}
    </div>
  );
}

function PartLine({ part, model }: { part: ReadyPart; model: ModelState }) {
  const { phase } = model.parts[part];
  const name = messages.parts[part];
  if (phase === 'ready') return <span data-phase={phase}>{`${name} ${messages.ready}`}</span>;
  if (phase === 'failed') return <span data-phase={phase}>{`${name} ${messages.failed}`}</span>;
  const bytes = part === 'language-model' ? languageModelBytes(model) : '';
  return (
    <span aria-live="off" data-phase="loading">
      {bytes === '' ? name : `${name} ${bytes}`}
    </span>
  );
}

/** The small parts come first, so that what is left of the pack when its turn comes is the language model's. */
function languageModelBytes({ fetching, loadedBytes, totalBytes }: ModelState): string {
  if (fetching?.part !== 'language-model') return '';
  if (loadedBytes >= totalBytes) return messages.starting;
  return messages.bytesOf(megabytes(loadedBytes - fetching.before), megabytes(totalBytes - fetching.before));
}

/** Backend and dtype of the language model, else of the face encoder, the adapter or the threads. */
function Machinery({ info }: { info: ModelInfo }) {
  const { foundation } = info;
  if (foundation) {
    return (
      <>
        <span className="model-machinery">{foundation.id}</span>
        <span className="model-machinery">{foundationPrecision(foundation)}</span>
        <span className="model-machinery model-uncalibrated" title={messages.packs.uncalibratedWhy}>
          {messages.packs.uncalibrated}
        </span>
      </>
    );
  }
  const graph = info.graphs.find((each) => each.graph === 'language-model') ?? info.graphs.find((each) => each.graph === 'face-encoder');
  if (!graph) return null;
  const place = graph.backend === 'webgpu' ? info.adapter : messages.threads(info.threads);
  return (
    <>
      <span className="model-machinery">{`${messages.backendNames[graph.backend]} ${graph.dtype}`}</span>
      {place !== '' && <span className="model-machinery model-place">{place}</span>}
    </>
  );
}

function LoadBar({ model }: { model: ModelState }) {
  const { loadedBytes, totalBytes } = model;
  const value = totalBytes > 0 ? Math.round((100 * loadedBytes) / totalBytes) : null;
  return (
    <Progress.Root
      className="load-bar"
      value={value}
      aria-label={messages.loadingBar}
      getValueLabel={() => messages.bytesOf(megabytes(loadedBytes), megabytes(totalBytes))}
    >
      <Progress.Indicator className="load-bar-fill" style={{ transform: `scaleX(${(value ?? 0) / 100})` }} />
    </Progress.Root>
  );
}
