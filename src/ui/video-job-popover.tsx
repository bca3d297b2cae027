import { ListVideo } from 'lucide-react';
import { Popover } from 'radix-ui';
import { type RefObject, useEffect, useId, useRef } from 'react';
import { type Item, selectedItem } from './analysis-state.ts';
import { percent } from './format.ts';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';
import { shareDone } from './video-job.ts';
import { VideoJobForm } from './video-job-form.tsx';
import { VideoJobList } from './video-job-list.tsx';

/** Analyses videos as files: what, how densely, and how far each is. */
export function VideoJobPopover({ onOpenFiles }: { onOpenFiles: () => void }) {
  const item = useAppState(selectedItem);
  const running = useAppState((state) => state.items.find(({ jobs }) => jobs?.at(-1)?.phase === 'running') ?? null);
  const title = useId();
  const content = useRef<HTMLDivElement>(null);
  const job = running?.jobs?.at(-1);
  const share = job && percent(shareDone(job));
  return (
    <Popover.Root>
      <Popover.Trigger className="button job-trigger" title={messages.jobs.analyseHint}>
        <ListVideo size={16} aria-hidden="true" />
        <span className="button-text">{messages.jobs.analyse}</span>
        {share && <span className="job-share">{share}</span>}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          ref={content}
          className="panel settings jobs"
          sideOffset={8}
          align="start"
          collisionPadding={8}
          aria-labelledby={title}
        >
          <KeptFocus within={content} />
          <h2 className="jobs-title" id={title}>
            {messages.jobs.title}
          </h2>
          <p className="job-note">{messages.jobs.about}</p>
          {item && <Form item={item} />}
          <VideoJobList onOpenFiles={onOpenFiles} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** Where the button that was pressed is no more, the focus stays here. */
function KeptFocus({ within }: { within: RefObject<HTMLDivElement | null> }) {
  const phases = useAppState((state) => state.items.map(({ jobs }) => jobs?.at(-1)?.phase ?? '').join());
  // biome-ignore lint/correctness/useExhaustiveDependencies: buttons come and go with the phases.
  useEffect(() => {
    if (document.activeElement === document.body) within.current?.focus();
  }, [phases, within]);
  return null;
}

/** Nothing to fill in while the video on the stage is being analysed, or is not here. */
function Form({ item }: { item: Item }) {
  const { controller } = useSession();
  const phase = item.jobs?.at(-1)?.phase;
  if (item.kind !== 'video' || !controller.file(item.id) || phase === 'running' || phase === 'queued') return null;
  return <VideoJobForm key={item.id} item={item} />;
}
