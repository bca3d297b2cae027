import { Quote } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useId, useState } from 'react';
import type { Item } from './analysis-state.ts';
import { MAX_CHARACTERS, wordCount, wordsToCorrect } from './given-words.ts';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';
import { Choice } from './settings-popover.tsx';
import './words.css';

/** Where the words come from that an explanation is told: from the picture, or as the user types them. */
export function WordsPopover({ item }: { item: Item }) {
  const { store } = useSession();
  const text = messages.words;
  const isGiven = item.words !== undefined;
  /** What was typed before the picture was chosen again: it is not lost by that. */
  const [before, setBefore] = useState<string | null>(null);
  const set = (words: string | null) => store.dispatch({ type: 'words-set', itemId: item.id, words });
  const choose = (source: keyof typeof text.sources) => {
    if (source === 'typed') set(before ?? wordsToCorrect(item.explanations));
    else {
      setBefore(item.words ?? null);
      set(null);
    }
  };
  return (
    <Popover.Root>
      <Popover.Trigger className="button words-trigger" data-given={isGiven} title={text.hint}>
        <Quote size={16} aria-hidden="true" /> <span className="button-text">{isGiven ? text.nameGiven : text.name}</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="panel settings" sideOffset={8} align="start" collisionPadding={8} aria-label={text.name}>
          <Choice
            label={text.name}
            value={isGiven ? 'typed' : 'picture'}
            names={text.sources}
            hint={item.kind === 'picture' ? text.about : text.aboutLive}
            onChange={choose}
          />
          {item.words !== undefined && <TypedWords words={item.words} onChange={set} />}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function TypedWords({ words, onChange }: { words: string; onChange: (words: string) => void }) {
  const id = useId();
  const quoted = useAppState((state) => state.model.info?.quotedWords ?? Number.POSITIVE_INFINITY);
  const text = messages.words;
  const count = wordCount(words);
  return (
    <div className="setting">
      <label className="setting-name" htmlFor={id}>
        {text.label}
      </label>
      <textarea
        id={id}
        className="words-text"
        rows={4}
        value={words}
        maxLength={MAX_CHARACTERS}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
      />
      <small id={`${id}-hint`}>
        {count === 0 ? text.empty : text.room(words.length, MAX_CHARACTERS)} {count > quoted && text.cut(quoted, count)}
      </small>
    </div>
  );
}

/** In an explanation: that its words were typed, and which. */
export function GivenWords({ words }: { words: string }) {
  const quote = words.trim();
  return (
    <p className="words-given">
      <Quote size={13} aria-hidden="true" /> {messages.words.asTyped}: {quote === '' ? messages.words.none : <q>{quote}</q>}
    </p>
  );
}
