import { ToggleGroup } from 'radix-ui';
import { type FormEvent, useId, useState } from 'react';
import type { Item } from './analysis-state.ts';
import { parseClock } from './clock-text.ts';
import { clock } from './format.ts';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';

const RATES = ['1', '2', '5', '10', 'every'] as const;
type Rate = (typeof RATES)[number];

const framesPerSecondOf = (rate: Rate): number | null => (rate === 'every' ? null : Number(rate));

/** What is to be analysed of the video on the stage, and how densely. */
export function VideoJobForm({ item }: { item: Item }) {
  const { controller } = useSession();
  const [rate, setRate] = useState<Rate>('5');
  const [range, setRange] = useState({ from: clock(0), to: '' });
  const from = parseClock(range.from);
  const to = range.to.trim() === '' ? null : parseClock(range.to);
  const isBadTo = range.to.trim() !== '' && to === null;
  const isBadRange = from !== null && to !== null && to <= from;
  const problem = from === null || isBadTo ? messages.jobs.badTime : isBadRange ? messages.jobs.badRange : null;
  const problemId = useId();
  const start = (event: FormEvent) => {
    event.preventDefault();
    if (from === null || problem) return;
    controller.analyzeVideos([item.id], { from, to, framesPerSecond: framesPerSecondOf(rate) });
  };
  const here = () => clock(controller.moment.present() ?? 0);
  return (
    <form className="job-form" onSubmit={start}>
      <div className="setting">
        <span className="setting-name">{messages.jobs.rate}</span>
        <ToggleGroup.Root
          className="choice"
          type="single"
          value={rate}
          aria-label={messages.jobs.rate}
          onValueChange={(next) => {
            const chosen = RATES.find((each) => each === next);
            if (chosen) setRate(chosen);
          }}
        >
          {RATES.map((each) => (
            <ToggleGroup.Item key={each} value={each} className="choice-item">
              {messages.jobs.rates[each]}
            </ToggleGroup.Item>
          ))}
        </ToggleGroup.Root>
        <small>{messages.jobs.rateHint(rate)}</small>
      </div>
      <div className="job-range">
        <TimeField
          label={messages.jobs.from}
          value={range.from}
          placeholder={clock(0)}
          here={messages.jobs.fromHere}
          problem={from === null || isBadRange ? problemId : null}
          onHere={() => setRange({ ...range, from: here() })}
          onChange={(text) => setRange({ ...range, from: text })}
        />
        <TimeField
          label={messages.jobs.to}
          value={range.to}
          placeholder={messages.jobs.end}
          here={messages.jobs.toHere}
          problem={isBadTo || isBadRange ? problemId : null}
          onHere={() => setRange({ ...range, to: here() })}
          onChange={(text) => setRange({ ...range, to: text })}
        />
      </div>
      <p className="job-note" id={problemId} role="status">
        {problem ?? messages.jobs.replaces}
      </p>
      <div className="job-actions">
        <button type="submit" className="button primary" disabled={problem !== null}>
          {messages.jobs.start}
        </button>
        <AddAll rate={rate} />
      </div>
    </form>
  );
}

interface TimeFieldProps {
  label: string;
  value: string;
  placeholder: string;
  here: string;
  /** Id of what is said about it; null where all is well. */
  problem: string | null;
  onHere: () => void;
  onChange: (text: string) => void;
}

function TimeField({ label, value, placeholder, here, problem, onHere, onChange }: TimeFieldProps) {
  const id = useId();
  return (
    <div className="job-time">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="text-field"
        value={value}
        placeholder={placeholder}
        title={messages.jobs.times}
        inputMode="decimal"
        autoComplete="off"
        aria-invalid={problem !== null}
        aria-describedby={problem ?? undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      <button type="button" className="button small" onClick={onHere}>
        {here}
      </button>
    </div>
  );
}

/** All videos at once, each whole. */
function AddAll({ rate }: { rate: Rate }) {
  const { controller } = useSession();
  const items = useAppState((state) => state.items);
  const videos = items.filter(({ id, kind }) => kind === 'video' && controller.file(id));
  if (videos.length < 2) return null;
  const add = () => {
    const itemIds = videos.map(({ id }) => id);
    controller.analyzeVideos(itemIds, { from: 0, to: null, framesPerSecond: framesPerSecondOf(rate) });
  };
  return (
    <button type="button" className="button" title={messages.jobs.addAllHint} onClick={add}>
      {messages.jobs.addAll(videos.length)}
    </button>
  );
}
