import { Play } from 'lucide-react';
import { type Item, selectedItem } from './analysis-state.ts';
import { clock } from './format.ts';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';
import { canGoOn } from './video-job.ts';

/** Of the video on the stage: that its analysis ended before its end, and the way on. */
export function VideoJobLine({ onOpenFiles }: { onOpenFiles: () => void }) {
  const item = useAppState(selectedItem);
  return item && <Line item={item} onOpenFiles={onOpenFiles} />;
}

function Line({ item, onOpenFiles }: { item: Item; onOpenFiles: () => void }) {
  const { controller } = useSession();
  const job = item.jobs?.at(-1);
  if (!job || job.dismissed || !canGoOn(job)) return null;
  const end = job.to === null ? messages.jobs.end : clock(job.to);
  const text = job.reached === null ? messages.jobs.analysisNotBegun : messages.jobs.analysisStopped(clock(job.reached), end);
  return (
    <div className="job-stopped">
      <span>{text}</span>
      {!controller.file(item.id) && <small>{messages.jobs.chooseFile(item.name)}</small>}
      <button type="button" className="button small" onClick={() => controller.files.goOn(item.id, onOpenFiles)}>
        <Play size={13} aria-hidden="true" /> {messages.jobs.goOn}
      </button>
    </div>
  );
}
