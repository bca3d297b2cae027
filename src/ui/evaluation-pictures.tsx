import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useEffect, useState } from 'react';
import { openPicture } from '../media/picture-file.ts';
import { SerialQueue } from '../shared/serial-queue.ts';
import type { LabelledFolder } from './labelled-folder.ts';
import { messages } from './messages.ts';
import { makeThumbnail } from './picture-shelf.ts';

const text = messages.evaluation;

/** So many are decoded at once, at most. */
export const PAGE_SIZE = 24;

export interface Pictured {
  file: string;
  /** Truth and answer, in a line. */
  caption: string;
}

interface EvaluationPicturesProps {
  name: string;
  items: readonly Pictured[];
  /** Null: nothing is left of the pictures but their names. */
  folder: LabelledFolder | null;
  page: number;
  onPage: (page: number) => void;
  onOpen: (file: string) => void;
}

/** Judged pictures, a page at a time; each opens on the stage. */
export function EvaluationPictures({ name, items, folder, page, onPage, onOpen }: EvaluationPicturesProps) {
  const [queue] = useState(() => new SerialQueue());
  const from = page * PAGE_SIZE;
  const shown = items.slice(from, from + PAGE_SIZE);
  return (
    <>
      <ul className="evaluation-pictures" aria-label={name}>
        {shown.map(({ file, caption }) => (
          <li key={file}>
            {folder ? (
              <button type="button" title={file} onClick={() => onOpen(file)}>
                <Thumbnail folder={folder} file={file} queue={queue} />
                <span className="visually-hidden">{file}: </span>
                <span>{caption}</span>
              </button>
            ) : (
              <span className="evaluation-nameless">
                <span>{file}</span>
                <span>{caption}</span>
              </span>
            )}
          </li>
        ))}
      </ul>
      {items.length > PAGE_SIZE && (
        <div className="evaluation-row">
          <button type="button" className="icon-button" aria-label={text.previous} disabled={page === 0} onClick={() => onPage(page - 1)}>
            <ChevronLeft size={18} aria-hidden="true" />
          </button>
          <span role="status">{text.page(from + 1, from + shown.length, items.length)}</span>
          <button
            type="button"
            className="icon-button"
            aria-label={text.next}
            disabled={from + PAGE_SIZE >= items.length}
            onClick={() => onPage(page + 1)}
          >
            <ChevronRight size={18} aria-hidden="true" />
          </button>
        </div>
      )}
    </>
  );
}

function Thumbnail({ folder, file, queue }: { folder: LabelledFolder; file: string; queue: SerialQueue }) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    let left = false;
    let made: string | null = null;
    void queue.run(async () => {
      const blob = left ? null : await thumbnailOf(folder, file);
      if (left || !blob) return;
      made = URL.createObjectURL(blob);
      setUrl(made);
    });
    return () => {
      left = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [folder, file, queue]);
  return url ? <img src={url} alt="" draggable={false} /> : <span className="evaluation-blank" />;
}

/** Null where the picture cannot be had: its caption is there all the same. */
async function thumbnailOf(folder: LabelledFolder, file: string): Promise<Blob | null> {
  const found = await folder.open(file);
  const opened = found.ok ? await openPicture(found.value) : found;
  if (!opened.ok) return null;
  const { image, width, height, close } = opened.value;
  const blob = await makeThumbnail(image, width, height);
  close();
  return blob;
}
