import { Flag, Minus, Plus, RotateCcw } from 'lucide-react';
import { ToggleGroup } from 'radix-ui';
import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { EMOTION_LABELS, type EmotionLabel } from '../shared/labels.ts';
import { type Item, mainFace } from './analysis-state.ts';
import { EmotionGlyph, SHOWN_EMOTIONS } from './emotion-glyph.tsx';
import { clock, percent, signed } from './format.ts';
import { useElementSize, useMedia } from './hooks.ts';
import { messages } from './messages.ts';
import { nameOf, type People, personOf } from './people.ts';
import { useAppState, useSession } from './session-context.ts';
import { TimelineMarks } from './timeline-marks.tsx';
import { DASHES, type PlotFrame, type PlotKind, TimelinePlot } from './timeline-plot.ts';
import { rangeOf, type Stretch, showing, type TimelineTrack, topOf, type View, WHOLE, zoomed } from './timeline-track.ts';

/** At most five times a second: more cannot be read. */
const DRAW_MS = 200;
/** Of a running camera this much is seen at first, in seconds. */
const LIVE_SPAN = 60;
/** More points than px help nobody. */
const MOST_POINTS = 600;
const MOST_LANES = 6;
/** How near an explanation's mark counts as on it: px, and seconds for a camera, of which only those frames are there. */
const NEAR_PX = 10;
const NEAR_SECONDS = 1;
const ZOOM = 1.5;

/** The course of a camera's or video's readings, with peaks, explanations and marks; the way to any moment of it. */
export function Timeline({ item, onRun }: { item: Item; onRun: (runId: string) => void }) {
  const { controller, settings } = useSession();
  const picked = useAppState((state) => state.selectedFace);
  const live = useAppState((state) => state.camera !== 'off');
  const dark = useMedia('(prefers-color-scheme: dark)');
  const [kind, setKind] = useState<PlotKind>('emotions');
  const [read, setRead] = useState(() => controller.track(item.id).extent !== null);
  const [sizeRef, size] = useElementSize();
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<TimelinePlot | null>(null);
  const view = useRef<View>(item.kind === 'camera' && live ? { span: LIVE_SPAN, end: null } : WHOLE);
  const hover = useRef<number | null>(null);
  const face = useRef<number | null>(null);
  const parts = useRef(new Map<string, HTMLElement>());
  const part = (name: string) => (element: HTMLElement | null) => {
    if (element) parts.current.set(name, element);
    else parts.current.delete(name);
  };

  const extent = () => {
    const found = controller.track(item.id).extent ?? { from: 0, to: 0 };
    const { duration } = controller.source.element;
    return item.kind === 'video' && Number.isFinite(duration) ? { from: Math.min(0, found.from), to: Math.max(duration, found.to) } : found;
  };
  /** Everybody that the engine takes for the face that is shown. */
  const members = (track: TimelineTrack): number[] => {
    const shown = picked ?? mainFace(controller.live.snapshot?.readings ?? [])?.faceId ?? face.current ?? track.faceIds[0];
    if (shown === undefined) return [];
    face.current = personOf(item.people, shown);
    return track.faceIds.filter((faceId) => personOf(item.people, faceId) === face.current);
  };

  const draw = () => {
    const track = controller.track(item.id);
    setRead(track.extent !== null);
    const ids = members(track);
    const all = extent();
    const range = rangeOf(view.current, all);
    const now = controller.present();
    const at = hover.current ?? now;
    const stretch = at === null ? null : track.at(ids, at);
    const canvas = plot.current;
    if (canvas) {
      canvas.draw(plotFrame(item, track, ids, kind, range));
      placeLine(parts.current.get('now'), canvas, now);
      placeLine(parts.current.get('hover'), canvas, hover.current);
    }
    const texts = readout(stretch);
    for (const [name, text] of Object.entries(texts)) set(parts.current.get(name), text);
    set(parts.current.get('time'), at === null ? '' : clock(at));
    const several = new Set(track.faceIds.map((faceId) => personOf(item.people, faceId))).size > 1;
    set(parts.current.get('face'), several && ids.length > 0 ? (nameOf(item.people, ids[0] ?? 0) ?? messages.face(face.current ?? 0)) : '');
    set(parts.current.get('everybody'), at === null || kind !== 'everybody' ? '' : everybodyAt(item.people, track, at));
    set(parts.current.get('summary'), summaryOf(item, track, ids));
    parts.current.get('present')?.toggleAttribute('hidden', controller.moment === null);
    const slider = parts.current.get('slider');
    slider?.setAttribute('aria-valuemin', all.from.toFixed(1));
    slider?.setAttribute('aria-valuemax', all.to.toFixed(1));
    slider?.setAttribute('aria-valuenow', Math.min(all.to, Math.max(all.from, now ?? all.to)).toFixed(1));
    slider?.setAttribute('aria-valuetext', valueText(now, now === null ? null : track.at(ids, now)));
  };
  const latest = useRef(draw);
  latest.current = draw;
  const schedule = useThrottled(latest);

  // The canvas is made anew where its lines or their colours are others.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is read from the document; `size` is followed below
  useLayoutEffect(() => {
    if (!host.current) return;
    const { clientWidth: width, clientHeight: height } = host.current;
    const made = new TimelinePlot(host.current, kind, { width: Math.max(width, 50), height: Math.max(height, 50) });
    plot.current = made;
    latest.current();
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [kind, dark, settings.theme, read]);
  useLayoutEffect(() => {
    plot.current?.resize(size);
    latest.current();
  }, [size]);
  // What the state says is drawn at once; what is read, in its turn.
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn from the newest item and face
  useEffect(() => latest.current(), [item, picked]);
  useEffect(() => {
    const { element } = controller.source;
    const events = ['timeupdate', 'seeked', 'durationchange'] as const;
    for (const event of events) element.addEventListener(event, schedule);
    const unsubscribe = controller.live.onFrame(schedule);
    return () => {
      for (const event of events) element.removeEventListener(event, schedule);
      unsubscribe();
    };
  }, [controller, schedule]);

  const zoom = (factor: number, at = controller.present() ?? extent().to) => {
    view.current = zoomed(view.current, extent(), factor, at);
    draw();
  };
  const showAll = () => {
    view.current = WHOLE;
    draw();
  };
  const goTo = (time: number | null) => {
    const all = extent();
    const to = time === null ? null : Math.min(all.to, Math.max(all.from, time));
    controller.goTo(to);
    view.current = to === null ? { ...view.current, end: null } : showing(view.current, all, to);
    draw();
  };
  /** The explanation whose mark is at a time, if any. */
  const openAt = (time: number): boolean => {
    const near = Math.max(plot.current?.secondsOf(NEAR_PX) ?? 0, item.kind === 'camera' ? NEAR_SECONDS : 0);
    const away = (run: { time: number }) => Math.abs(run.time - time);
    const [nearest] = item.explanations.filter((run) => away(run) <= near).sort((a, b) => away(a) - away(b));
    if (!nearest) return false;
    controller.showRun(nearest);
    onRun(nearest.runId);
    draw();
    return true;
  };
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const all = extent();
    const now = controller.present() ?? all.to;
    const step = event.shiftKey ? 10 : 1;
    switch (event.key) {
      case 'ArrowLeft':
        goTo(now - step);
        break;
      case 'ArrowRight':
        goTo(now + step);
        break;
      case 'Home':
        goTo(all.from);
        break;
      case 'End':
        goTo(item.kind === 'camera' ? null : all.to);
        break;
      case '+':
      case '=':
        zoom(1 / ZOOM);
        break;
      case '-':
        zoom(ZOOM);
        break;
      case '0':
        showAll();
        break;
      case 'Enter':
        openAt(now);
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  const point = (event: PointerEvent) => {
    hover.current = plot.current?.timeAt(event.clientX) ?? null;
    schedule();
  };
  const leave = () => {
    hover.current = null;
    schedule();
  };
  const click = (event: React.MouseEvent) => {
    const time = plot.current?.timeAt(event.clientX);
    if (time !== undefined && !openAt(time)) goTo(time);
  };
  const wheel = useRef<(event: WheelEvent) => void>(() => {});
  wheel.current = (event) => {
    const at = plot.current?.timeAt(event.clientX);
    if (at === undefined) return;
    event.preventDefault();
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey) {
      const { to } = rangeOf(view.current, extent());
      view.current = { span: view.current.span, end: to + (plot.current?.secondsOf(sideways) ?? 0) };
      schedule();
    } else if (event.deltaY !== 0) zoom(event.deltaY > 0 ? ZOOM : 1 / ZOOM, at);
  };
  // React listens to the wheel passively: the page would scroll as well.
  const slider = useCallback(
    (element: HTMLDivElement | null) => {
      sizeRef(element);
      if (!element) return;
      parts.current.set('slider', element);
      const turn = (event: WheelEvent) => wheel.current(event);
      element.addEventListener('wheel', turn, { passive: false });
      return () => {
        element.removeEventListener('wheel', turn);
        parts.current.delete('slider');
        sizeRef(null);
      };
    },
    [sizeRef],
  );

  return (
    <>
      <div className="timeline-tools">
        <ToggleGroup.Root
          className="choice timeline-kinds"
          type="single"
          value={kind}
          aria-label={messages.timeline.kind}
          onValueChange={(next) => (next === 'emotions' || next === 'affect' || next === 'everybody') && setKind(next)}
        >
          {(['emotions', 'affect', 'everybody'] as const).map((each) => (
            <ToggleGroup.Item key={each} value={each} className="choice-item">
              {each === 'everybody' ? messages.timeline.everybody : messages.timeline.kinds[each]}
            </ToggleGroup.Item>
          ))}
        </ToggleGroup.Root>
        <span className="timeline-face" ref={part('face')} hidden={kind === 'everybody'} />
        <span className="controls-space" />
        <button type="button" className="button small" ref={part('present')} hidden onClick={() => goTo(null)}>
          {messages.timeline.now}
        </button>
        <Tool name={messages.timeline.zoomOut} onPress={() => zoom(ZOOM)}>
          <Minus size={16} aria-hidden="true" />
        </Tool>
        <Tool name={messages.timeline.zoomIn} onPress={() => zoom(1 / ZOOM)}>
          <Plus size={16} aria-hidden="true" />
        </Tool>
        <Tool name={messages.timeline.zoomAll} onPress={showAll}>
          <RotateCcw size={15} aria-hidden="true" />
        </Tool>
        <button
          type="button"
          className="button small"
          title={messages.timeline.markHint}
          aria-keyshortcuts="M"
          disabled={!read}
          onClick={() => controller.addMark()}
        >
          <Flag size={14} aria-hidden="true" /> {messages.timeline.mark}
        </button>
        <TimelineMarks item={item} peaks={() => controller.track(item.id).peaks} onGo={goTo} onRun={(run) => openAt(run.time)} />
      </div>
      {read ? (
        <div
          className="timeline-plot"
          ref={slider}
          role="slider"
          tabIndex={0}
          aria-label={messages.timeline.position}
          aria-describedby="timeline-summary timeline-keys"
          aria-valuenow={0}
          onKeyDown={press}
          onPointerMove={point}
          onPointerLeave={leave}
          onClick={click}
        >
          <div className="timeline-host" ref={host} />
          <i className="timeline-line" data-line="now" ref={part('now')} />
          <i className="timeline-line" data-line="hover" ref={part('hover')} />
        </div>
      ) : (
        <p className="timeline-empty">{messages.timeline.nothing}</p>
      )}
      <div className="timeline-legend" hidden={!read} aria-hidden="true">
        <output className="timeline-time" ref={part('time')} />
        {kind === 'everybody' && <span ref={part('everybody')} />}
        {kind === 'affect' ? (
          <>
            <LegendEntry name={messages.timeline.valence} sample="valence" value={part('valence')} />
            <LegendEntry name={messages.timeline.arousal} sample="arousal" value={part('arousal')} />
          </>
        ) : (
          SHOWN_EMOTIONS.map((label) => <LegendEmotion key={label} label={label} value={kind === 'emotions' ? part(label) : null} />)
        )}
      </div>
      <p className="visually-hidden" id="timeline-summary" ref={part('summary')} />
      <p className="visually-hidden" id="timeline-keys">
        {messages.timeline.keys}
      </p>
    </>
  );
}

function Tool({ name, onPress, children }: { name: string; onPress: () => void; children: React.ReactNode }) {
  return (
    <button type="button" className="icon-button timeline-tool" aria-label={name} title={name} onClick={onPress}>
      {children}
    </button>
  );
}

function LegendEmotion({ label, value }: { label: EmotionLabel; value: React.Ref<HTMLSpanElement> | null }) {
  return (
    <span className="timeline-entry" data-emotion={label}>
      <EmotionGlyph emotion={label} size={15} />
      {value && (
        <svg width="16" height="4" aria-hidden="true">
          <line x1="0" x2="16" y1="2" y2="2" stroke="var(--emotion)" strokeWidth="2" strokeDasharray={DASHES[label].join(' ')} />
        </svg>
      )}
      {messages.emotions[label]}
      {value && <span className="timeline-value" ref={value} />}
    </span>
  );
}

function LegendEntry({ name, sample, value }: { name: string; sample: string; value: React.Ref<HTMLSpanElement> }) {
  return (
    <span className="timeline-entry" data-sample={sample}>
      <i /> {name} <span className="timeline-value" ref={value} />
    </span>
  );
}

/** Calls the newest `draw`, at most every `DRAW_MS`, and once after the last call. */
function useThrottled(draw: React.RefObject<() => void>): () => void {
  const timer = useRef(0);
  const last = useRef(0);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = 0;
    },
    [],
  );
  return useCallback(() => {
    if (timer.current !== 0) return;
    const wait = Math.max(0, last.current + DRAW_MS - performance.now());
    timer.current = window.setTimeout(() => {
      timer.current = 0;
      last.current = performance.now();
      draw.current();
    }, wait);
  }, [draw]);
}

function plotFrame(item: Item, track: TimelineTrack, ids: number[], kind: PlotKind, range: PlotFrame['range']): PlotFrame {
  const { people } = item;
  const { times, values } = kind === 'everybody' ? { times: [], values: [] } : track.stretches(ids, range.from, range.to, MOST_POINTS);
  const line = (of: (stretch: Stretch) => number) => values.map((value) => value && of(value));
  const lines =
    kind === 'emotions'
      ? SHOWN_EMOTIONS.map((label) => line(({ probabilities }) => probabilities[label]))
      : kind === 'affect'
        ? [line(({ valence }) => valence), line(({ arousal }) => arousal)]
        : [];
  const mine = kind === 'everybody' ? track.peaks : track.peaks.filter(({ faceId }) => ids.includes(faceId));
  return {
    range,
    times,
    lines,
    lanes: kind === 'everybody' ? lanesOf(track, people, range) : [],
    peaks: mine.map(({ time, kind: what }) => ({ time, emotion: EMOTION_LABELS.find((label) => label === what) ?? null })),
    explanations: item.explanations.map(({ time }) => time),
    marks: item.marks.map(({ time, end, kind: what }) => ({ from: time, to: end, excluded: what === 'exclude' })),
  };
}

/** Each person's likeliest emotion for as long as it stays the same; those who are there within the range, first seen first. */
function lanesOf(track: TimelineTrack, people: People, { from, to }: PlotFrame['range']): PlotFrame['lanes'] {
  const persons = [...new Set(track.faceIds.map((faceId) => personOf(people, faceId)))];
  const lanes: PlotFrame['lanes'] = [];
  for (const person of persons) {
    const ids = track.faceIds.filter((faceId) => personOf(people, faceId) === person);
    const { times, values } = track.stretches(ids, from, to, MOST_POINTS / 2);
    const spans: PlotFrame['lanes'][number]['spans'] = [];
    let before = null as { time: number; emotion: EmotionLabel } | null;
    for (const [i, value] of values.entries()) {
      const time = times[i] ?? 0;
      const emotion = value && topOf(value);
      const last = spans.at(-1);
      if (before && last) last.to = emotion ? time : before.time;
      if (emotion && before?.emotion !== emotion) spans.push({ from: time, to: time, emotion });
      before = emotion && { time, emotion };
    }
    if (spans.length > 0) lanes.push({ name: nameOf(people, person) ?? messages.face(person), spans });
    if (lanes.length === MOST_LANES) break;
  }
  return lanes;
}

/** In words, what each person shows most at a time. */
function everybodyAt(people: People, track: TimelineTrack, time: number): string {
  const persons = [...new Set(track.faceIds.map((faceId) => personOf(people, faceId)))];
  const said = persons.flatMap((person) => {
    const ids = track.faceIds.filter((faceId) => personOf(people, faceId) === person);
    const stretch = track.at(ids, time);
    return stretch ? `${nameOf(people, person) ?? messages.face(person)}: ${messages.emotions[topOf(stretch)]}` : [];
  });
  return said.slice(0, MOST_LANES).join(', ');
}

function readout(stretch: Stretch | null): Record<string, string> {
  const texts: Record<string, string> = Object.fromEntries(
    EMOTION_LABELS.map((label) => [label, stretch ? percent(stretch.probabilities[label]) : '–']),
  );
  return { ...texts, valence: stretch ? signed(stretch.valence) : '–', arousal: stretch ? signed(stretch.arousal) : '–' };
}

/** A moment in words, for who hears the page. */
function valueText(time: number | null, stretch: Stretch | null): string {
  if (time === null) return messages.timeline.nothing;
  if (!stretch) return `${clock(time)}, ${messages.timeline.absent}`;
  const top = topOf(stretch);
  const { valence, arousal } = messages.timeline;
  return `${clock(time)}, ${messages.emotions[top]} ${percent(stretch.probabilities[top])}, ${valence} ${signed(stretch.valence)}, ${arousal} ${signed(stretch.arousal)}`;
}

function summaryOf(item: Item, track: TimelineTrack, ids: number[]): string {
  const { extent } = track;
  if (!extent) return '';
  const counts = new Map<EmotionLabel, number>();
  const stretches = track.stretches(ids, extent.from, extent.to, MOST_POINTS / 4).values.filter((value) => value !== null);
  for (const value of stretches) counts.set(topOf(value), (counts.get(topOf(value)) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  const peaks = track.peaks.filter(({ faceId }) => ids.includes(faceId)).length;
  const summary = messages.timeline.summary(clock(extent.to - extent.from), peaks, item.explanations.length, item.marks.length);
  return most ? `${summary} ${messages.timeline.mostly(messages.emotions[most[0]], percent(most[1] / stretches.length))}` : summary;
}

function set(element: HTMLElement | undefined, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}

function placeLine(line: HTMLElement | undefined, plot: TimelinePlot, time: number | null): void {
  const place = time === null ? null : plot.placeOf(time);
  line?.toggleAttribute('hidden', place === null);
  if (line && place !== null) line.style.transform = `translateX(${place.toFixed(1)}px)`;
}
