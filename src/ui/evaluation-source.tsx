import { FileArchive, FolderOpen, Upload } from 'lucide-react';
import { FileButton } from './file-button.tsx';
import { messages } from './messages.ts';
import { useEvaluation, useSession } from './session-context.ts';

const text = messages.evaluation;

/** Where the labelled pictures come from; a report may come from a file, too. */
export function EvaluationSource() {
  const { evaluation } = useSession();
  const { folder } = useEvaluation();
  const take = (files: File[]) => void evaluation.take(files);
  return (
    <section>
      {!folder && <p>{text.hint}</p>}
      <div className="evaluation-row">
        <FileButton folder onFiles={take}>
          <FolderOpen size={16} aria-hidden="true" /> {text.chooseFolder}
        </FileButton>
        <FileButton accept=".zip,application/zip" onFiles={take}>
          <FileArchive size={16} aria-hidden="true" /> {text.chooseZip}
        </FileButton>
        <FileButton accept=".json,application/json" onFiles={([file]) => file && void evaluation.import(file)}>
          <Upload size={16} aria-hidden="true" /> {text.openReport}
        </FileButton>
      </div>
    </section>
  );
}
