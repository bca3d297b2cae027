import { Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { selectedItem } from './analysis-state.ts';
import { type MemoryUse, memoryUse, scriptMemory } from './memory.ts';
import { messages } from './messages.ts';
import { type PerformanceState, performanceReport, performanceRows } from './performance-report.ts';
import { useSession } from './session-context.ts';
import { Sparkline } from './sparkline.tsx';

/** Twice a second: more cannot be read. */
const DRAW_MS = 500;
/** The browser collects garbage for it. */
const MEMORY_MS = 10_000;
const MEMORY_PATIENCE_MS = 40_000;
const LINE_SECONDS = 30;

/** All that tells how fast it goes, drawn anew while it is open. */
export function Figures() {
  const { controller, store } = useSession();
  const [, setTick] = useState(0);
  const [said, setSaid] = useState('');
  const memory = useMemory();
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), DRAW_MS);
    return () => clearInterval(timer);
  }, []);
  const text = messages.performance;
  const now = performance.now();
  const pacer = controller.source.stats;
  const state: PerformanceState = {
    figures: controller.performance.figures(now),
    pacer,
    memory,
    flowing: pacer && controller.pictureFlows(selectedItem(store.get())),
  };
  const copy = async () => {
    const { userAgent: browser, hardwareConcurrency: cores } = navigator;
    const report = performanceReport(state, store.get().model.info, { cores, browser });
    const copied = await navigator.clipboard.writeText(report).then(
      () => true,
      () => false,
    );
    setSaid(copied ? text.copied : text.notCopied);
  };
  return (
    <>
      <table className="performance-table">
        <tbody>
          {performanceRows(state).map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Sparkline label={text.ageLine} points={controller.performance.ages(now, LINE_SECONDS)} from={now - LINE_SECONDS * 1000} to={now} />
      <div className="performance-foot">
        <button type="button" className="button small" title={text.copyHint} onClick={() => void copy()}>
          <Copy size={14} aria-hidden="true" /> {text.copy}
        </button>
        <span role="status">{said}</span>
      </div>
    </>
  );
}

/** Measured anew now and then; until it is, of the page's scripts alone. */
function useMemory(): MemoryUse | null {
  const [memory, setMemory] = useState<MemoryUse | null>(scriptMemory);
  useEffect(() => {
    let timer = 0;
    let gone = false;
    const measure = async (): Promise<void> => {
      const use = await memoryUse(MEMORY_PATIENCE_MS);
      if (gone) return;
      setMemory(use);
      timer = window.setTimeout(() => void measure(), MEMORY_MS);
    };
    void measure();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, []);
  return memory;
}
