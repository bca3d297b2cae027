import { Download, Film, Trash2 } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import type { Item } from './analysis-state.ts';
import { clock, megabytes } from './format.ts';
import { IconButton } from './icon-button.tsx';
import { messages } from './messages.ts';
import { saveBlob } from './save-file.ts';
import { useSession } from './session-context.ts';
import { extentOf, type Take } from './takes.ts';

interface ListProps {
  item: Item;
  /** Those that are whole. */
  takes: readonly Take[];
}

/** The videos that were recorded of a camera session: to be looked at, saved, deleted. */
export function RecordingsList({ item, takes }: ListProps) {
  const text = messages.recording;
  return (
    <Popover.Root>
      <Popover.Trigger className="button recordings-button" title={text.list} aria-label={text.listOf(takes.length)}>
        <Film size={16} aria-hidden="true" /> {takes.length}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="panel recordings" side="top" align="end" sideOffset={8} collisionPadding={8} aria-label={text.list}>
          <strong>{text.list}</strong>
          <ul>
            {takes.map((take) => (
              <RecordingLine key={take.id} item={item} take={take} isOnly={takes.length === 1} />
            ))}
          </ul>
          <small>{text.hint}</small>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function RecordingLine({ item, take, isOnly }: { item: Item; take: Take; isOnly: boolean }) {
  const { controller } = useSession();
  const [asking, setAsking] = useState(false);
  const text = messages.recording;
  const extent = extentOf(take) ?? { from: 0, to: take.length ?? 0 };
  const span = text.span(clock(extent.from), clock(extent.to));
  const save = () => {
    const file = controller.takes.file(take.id);
    const ending = take.type === 'video/mp4' ? 'mp4' : 'webm';
    const name = item.name.replaceAll(/[^\p{L}\p{N}]+/gu, '-').toLowerCase();
    if (file) saveBlob(file, `emollm-${name}-${Math.round(extent.from)}s.${ending}`);
  };
  return (
    <li>
      <div className="recordings-line">
        <button type="button" className="recordings-go" onClick={() => controller.moment.goTo(extent.from)}>
          {span} <small>{text.facts(clock(take.length ?? 0), megabytes(take.bytes))}</small>
        </button>
        <IconButton name={text.save(span)} onClick={save}>
          <Download size={16} aria-hidden="true" />
        </IconButton>
        <IconButton name={text.delete(span)} aria-expanded={asking} onClick={() => setAsking(!asking)}>
          <Trash2 size={16} aria-hidden="true" />
        </IconButton>
      </div>
      {asking && (
        <div className="recordings-ask" role="alert">
          <span>{text.deleteAsk}</span>
          <button
            type="button"
            className="button small"
            onClick={(event) => {
              // This button goes, and with the only recording the whole list.
              const place = isOnly ? document.getElementById('stage') : event.currentTarget.closest<HTMLElement>('.recordings');
              place?.focus({ preventScroll: true });
              controller.takes.delete(item.id, take.id);
            }}
          >
            {text.deleteYes}
          </button>
          <button type="button" className="button small" onClick={() => setAsking(false)}>
            {messages.sessions.cancel}
          </button>
        </div>
      )}
    </li>
  );
}
