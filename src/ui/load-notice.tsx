import { ErrorNotice } from './error-notice.tsx';
import { useAppState } from './session-context.ts';
import { useErrorAction } from './use-error-action.ts';

/** Under the Model line, when a part could not be loaded; one notice, of the first part that failed. */
export function LoadNotice({ onOpenFiles }: { onOpenFiles: () => void }) {
  const parts = useAppState((state) => state.model.parts);
  const error = parts.faces.error ?? parts.reader.error ?? parts['language-model'].error;
  const action = useErrorAction(error, null, onOpenFiles);
  if (!error || !action) return null;
  return (
    <div className="load-notice">
      <ErrorNotice error={error} action={action.name} onAction={action.run} />
    </div>
  );
}
