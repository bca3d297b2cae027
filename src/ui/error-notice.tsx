import { CircleAlert } from 'lucide-react';
import type { WireError } from '../shared/errors.ts';
import { ErrorText } from './error-text.tsx';
import { messages } from './messages.ts';

/** Stands beside what failed: what happened, what to do, one button. */
export function ErrorNotice({ error, action, onAction }: { error: WireError; action: string; onAction: () => void }) {
  return (
    <div className="notice" role="alert">
      <CircleAlert size={18} aria-hidden="true" />
      <div className="notice-text">
        <ErrorText error={error} />
        {error.detail && (
          <details>
            <summary>{messages.errorDetail}</summary>
            <code>{error.detail}</code>
          </details>
        )}
      </div>
      <button type="button" className="button small" onClick={onAction}>
        {action}
      </button>
    </div>
  );
}
