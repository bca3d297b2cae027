import { Camera, FileImage, Film, FolderOpen, LoaderCircle, Sparkles, TriangleAlert, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { type Item, isOpen } from './analysis-state.ts';
import { IconButton } from './icon-button.tsx';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';

const ICONS = { picture: FileImage, video: Film, camera: Camera };

/** All that was opened, and the ways to open more. */
export function Strip({ onOpenFiles }: { onOpenFiles: () => void }) {
  const { controller } = useSession();
  const items = useAppState((state) => state.items);
  const camera = useAppState((state) => state.camera);
  return (
    <nav className="strip" aria-label={messages.items}>
      <ul className="strip-items">
        {items.map((item) => (
          <StripItem key={item.id} item={item} />
        ))}
      </ul>
      <div className="strip-add">
        <IconButton name={messages.startCamera} disabled={camera !== 'off'} onClick={() => void controller.camera.start()}>
          <Camera size={19} aria-hidden="true" />
        </IconButton>
        <IconButton name={messages.openFiles} onClick={onOpenFiles}>
          <FolderOpen size={19} aria-hidden="true" />
        </IconButton>
        <IconButton name={messages.trySample} onClick={() => void controller.files.addSample()}>
          <Sparkles size={19} aria-hidden="true" />
        </IconButton>
      </div>
    </nav>
  );
}

function StripItem({ item }: { item: Item }) {
  const { controller, settings } = useSession();
  const thumbnail = settings.facesShown === 'boxes' ? null : item.thumbnail;
  const selected = useAppState((state) => state.selectedId === item.id);
  const Icon = ICONS[item.kind];
  const busy = item.phase === 'reading' || item.explanations.some(isOpen) || item.jobs?.at(-1)?.phase === 'running';
  const place = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (selected) place.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [selected]);
  return (
    <li ref={place} className="strip-item" data-phase={item.phase}>
      <button
        type="button"
        className="thumbnail"
        aria-current={selected}
        aria-label={item.phase === 'waiting' ? `${item.name}, ${messages.waiting}` : item.name}
        title={item.name}
        onClick={() => controller.select(item.id)}
      >
        {thumbnail ? <img src={thumbnail} alt="" draggable={false} /> : <Icon size={22} aria-hidden="true" />}
        {thumbnail && item.kind !== 'picture' && <Icon className="thumbnail-kind" size={13} aria-hidden="true" />}
        {busy && <LoaderCircle className="thumbnail-busy" size={16} aria-hidden="true" />}
        {item.phase === 'failed' && <TriangleAlert className="thumbnail-failed" size={16} aria-hidden="true" />}
      </button>
      <button
        type="button"
        className="thumbnail-remove"
        aria-label={messages.remove(item.name)}
        onClick={() => {
          controller.remove(item.id);
          document.getElementById('stage')?.focus({ preventScroll: true }); // this button has gone
        }}
      >
        <X size={13} aria-hidden="true" />
      </button>
    </li>
  );
}
