import { X } from 'lucide-react';
import { Dialog, Progress } from 'radix-ui';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { WireError } from '../shared/errors.ts';
import type { BenchmarkResult } from './benchmark.ts';
import { ErrorNotice } from './error-notice.tsx';
import { megabytes } from './format.ts';
import { messages } from './messages.ts';
import { saveFile } from './save-file.ts';
import { useAppState, useSession } from './session-context.ts';

const text = messages.benchmark;

type Phase =
  | { name: 'idle' }
  | { name: 'running'; share: number }
  | { name: 'done'; result: BenchmarkResult }
  | { name: 'failed'; error: WireError };

/** Speed on the user's own machine. `children` is the button that opens it. */
export function BenchmarkDialog({ children }: { children: ReactNode }) {
  return (
    <Dialog.Root>
      <Dialog.Trigger asChild>{children}</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content className="panel help bench" aria-describedby={undefined}>
          <Dialog.Title>{text.name}</Dialog.Title>
          <Benchmark />
          <Dialog.Close className="icon-button help-close" aria-label={messages.close}>
            <X size={18} aria-hidden="true" />
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Benchmark() {
  const { controller } = useSession();
  const [phase, setPhase] = useState<Phase>({ name: 'idle' });
  const ready = useAppState((state) => state.model.parts['language-model'].phase === 'ready');
  const running = useRef<AbortController | null>(null);
  // Closing the dialog ends the measurement.
  useEffect(() => () => running.current?.abort(), []);
  const measure = async () => {
    const abort = new AbortController();
    running.current = abort;
    setPhase({ name: 'running', share: 0 });
    const result = await controller.benchmark.run(abort.signal, (share) => !abort.signal.aborted && setPhase({ name: 'running', share }));
    if (result.ok) setPhase({ name: 'done', result: result.value });
    else setPhase(result.error.code === 'cancelled' ? { name: 'idle' } : { name: 'failed', error: result.error });
  };
  return (
    <>
      <p>{text.hint}</p>
      {phase.name === 'running' ? (
        <>
          <Progress.Root className="load-bar bench-bar" value={Math.round(100 * phase.share)} aria-label={text.name}>
            <Progress.Indicator className="load-bar-fill" style={{ transform: `scaleX(${phase.share})` }} />
          </Progress.Root>
          <button type="button" className="button help-card" onClick={() => running.current?.abort()}>
            {messages.stop}
          </button>
        </>
      ) : (
        <button type="button" className="button help-card" disabled={!ready} onClick={() => void measure()}>
          {phase.name === 'done' ? text.again : text.start}
        </button>
      )}
      {!ready && <p role="status">{text.notReady}</p>}
      {phase.name === 'failed' && <ErrorNotice error={phase.error} action={messages.actions.tryAgain} onAction={() => void measure()} />}
      {phase.name === 'done' && <Figures result={phase.result} />}
    </>
  );
}

function Figures({ result }: { result: BenchmarkResult }) {
  const { live, explanation, memoryBytes, machine } = result;
  const rows: [string, string][] = [
    [text.readings(live.width, live.height), text.perSecond(live.perSecond)],
    [text.reading, text.medianOf(live.medianMs, live.p90Ms)],
    [text.prefill, text.tokensIn(explanation.promptTokens, explanation.prefillMs)],
    [text.decode, messages.tokensPerSecond(explanation.tokensPerSecond)],
    [text.explanation, text.seconds(explanation.wholeMs)],
    [text.memory, memoryBytes === null ? text.unknown : text.memoryOf(megabytes(memoryBytes))],
    [text.machine, text.coresOf(machine.cores, result.model.threads)],
  ];
  const save = () => saveFile(`${JSON.stringify(result, null, 1)}\n`, 'emollm-benchmark.json', 'application/json');
  return (
    <>
      <table className="bench-table" aria-label={text.name}>
        <tbody>
          {rows.map(([what, figure]) => (
            <tr key={what}>
              <th scope="row">{what}</th>
              <td>{figure}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <button type="button" className="button help-card" onClick={save}>
        {text.save}
      </button>
    </>
  );
}
