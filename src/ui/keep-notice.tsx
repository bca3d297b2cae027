import { Info } from 'lucide-react';
import { useState } from 'react';
import { ErrorText } from './error-text.tsx';
import { messages } from './messages.ts';
import { useAppState, useKeeping } from './session-context.ts';

/** Under the Model line, once something is open that is not kept: why, and what to do. Calm, for all else works. */
export function KeepNotice() {
  const keeping = useKeeping();
  const empty = useAppState((state) => state.items.length === 0);
  const [dismissed, setDismissed] = useState('');
  if (empty || !('error' in keeping) || dismissed === keeping.error.message) return null;
  const { error } = keeping;
  return (
    <div className="load-notice">
      <div className="notice keep-notice" role="status">
        <Info size={18} aria-hidden="true" />
        <div className="notice-text">
          <ErrorText error={error} />
        </div>
        <button type="button" className="button small" onClick={() => setDismissed(error.message)}>
          {messages.dismiss}
        </button>
      </div>
    </div>
  );
}
