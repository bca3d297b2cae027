import { Info } from 'lucide-react';
import type { AnalysisState } from './analysis-state.ts';
import { clock } from './format.ts';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';

const text = messages.recovery;

/** Under the Model line, after the analysis was started again by itself: why, what stays, what is otherwise now, and what was lost. */
export function RecoveryNotice() {
  const { store } = useSession();
  const interruption = useAppState((state) => state.interruption);
  if (!interruption) return null;
  return (
    <div className="load-notice">
      <div className="notice keep-notice" role="status">
        <Info size={18} aria-hidden="true" />
        <div className="notice-text">
          <p>{sentences(interruption).join(' ')}</p>
        </div>
        <button type="button" className="button small" onClick={() => store.dispatch({ type: 'interrupted', interruption: null })}>
          {messages.dismiss}
        </button>
      </div>
    </div>
  );
}

function sentences({ fault, change, unread }: NonNullable<AnalysisState['interruption']>): string[] {
  return [
    text.faults[fault],
    text.goesOn,
    ...(change.kind === 'all-on-wasm' ? [text.allOnWasm] : []),
    ...(change.kind === 'without-foundation' ? [text.withoutFoundation] : []),
    ...(change.kind === 'graph-on-wasm' ? [text.graphOnWasm(change.graph)] : []),
    ...(unread ? [unread.to === null ? text.unreadSince(clock(unread.from)) : text.unread(clock(unread.from), clock(unread.to))] : []),
  ];
}
