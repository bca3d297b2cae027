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
import { MOST_LANES, MOST_POINTS, membersOf, plotFrame } from './timeline-frame.ts';
import { TimelineMarks } from './timeline-marks.tsx';
import { DASHES, type PlotKind, TimelinePlot } from './timeline-plot.ts';
import { type PreviewHandle, TimelinePreview } from './timeline-preview.tsx';
import { rangeOf, type Stretch, showing, type TimelineTrack, topOf, type View, WHOLE, zoomed } from './timeline-track.ts';

/** At most five times a second: more cannot be read. */
const DRAW_MS = 200;
/** Of a running camera this much is seen at first, in seconds. */
const LIVE_SPAN = 60;
/** How near an explanation's mark counts as on it: px, and seconds for a camera, of which only those frames are there. */
const NEAR_PX = 10;
const NEAR_SECONDS = 1;
const ZOOM = 1.5;
/** More lanes than these make the plot higher. */
const FEW_LANES = 6;

/** The course of a camera's or video's readings, with peaks, explanations and marks; the way to any moment of it. */
export function Timeline({ item, onRun }: { item: Item; onRun: (runId: string) => void }) {
  const { controller, settings } = useSession();
  const picked = useAppState((state) => state.selectedFace);
  const live = useAppState((state) => state.camera !== 'off');
  const dark = useMedia('(prefers-color-scheme: dark)');
  const before = controller.looks.get(item.id);
  const [kind, setKind] = useState<PlotKind>(before?.kind ?? 'emotions');
  const [read, setRead] = useState(() => isRead(item, controller.readings.track(item.id)));
  const [sizeRef, size] = useElementSize();
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<TimelinePlot | null>(null);
  const view = useRef<View>(before?.view ?? (item.kind === 'camera' && live ? { span: LIVE_SPAN, end: null } : WHOLE));
  const hover = useRef<number | null>(null);
  /** Gone to by keyboard: shown as what is pointed at is. */
  const keyed = useRef<number | null>(null);
  const preview = useRef<PreviewHandle>(null);
  const face = useRef<number | null>(before?.person ?? null);
  const parts = useRef(new Map<string, HTMLElement>());
  const part = (name: string) => (element: HTMLElement | null) => {
    if (element) parts.current.set(name, element);
    else parts.current.delete(name);
  };

  const extent = () => controller.moment.extent(item);
  /** Everybody that the engine takes for the face that is shown. */
  const members = (track: TimelineTrack): number[] => {
    const shown = picked ?? mainFace(controller.live.snapshot?.readings ?? [])?.faceId ?? face.current ?? track.faceIds[0];
    if (shown === undefined) return [];
    face.current = personOf(item.people, shown);
    return membersOf(item.people, track, face.current);
  };

  const draw = () => {
    const track = controller.readings.track(item.id);
    // Said again, it may render again: with every event of a flood, React would take that for an endless loop.
    if (isRead(item, track) !== read) setRead(!read);
    const ids = members(track);
    controller.looks.set(item.id, { kind, view: view.current, person: face.current });
    const all = extent();
    const range = rangeOf(view.current, all);
    const now = controller.moment.present();
    const at = hover.current ?? now;
    const stretch = at === null ? null : track.at(ids, at);
    const canvas = plot.current;
    if (canvas) {
      const frame = plotFrame(item, track, ids, kind, range);
      canvas.draw(frame);
      // What is many needs room; the canvas follows its box.
      parts.current.get('slider')?.toggleAttribute('data-many', frame.lanes.length > FEW_LANES);
      placeLine(parts.current.get('now'), canvas, now);
      placeLine(parts.current.get('hover'), canvas, hover.current);
    }
    showPreview(track, ids);
    const texts = readout(stretch);
    for (const [name, text] of Object.entries(texts)) set(parts.current.get(name), text);
    set(parts.current.get('time'), at === null ? '' : clock(at));
    const several = new Set(track.faceIds.map((faceId) => personOf(item.people, faceId))).size > 1;
    set(parts.current.get('face'), several && ids.length > 0 ? (nameOf(item.people, ids[0] ?? 0) ?? messages.face(face.current ?? 0)) : '');
    set(parts.current.get('everybody'), at === null || kind !== 'everybody' ? '' : everybodyAt(item.people, track, at));
    set(parts.current.get('summary'), summaryOf(item, track, ids));
    parts.current.get('present')?.toggleAttribute('hidden', controller.moment.time === null);
    const slider = parts.current.get('slider');
    slider?.setAttribute('aria-valuemin', all.from.toFixed(1));
    slider?.setAttribute('aria-valuemax', all.to.toFixed(1));
    slider?.setAttribute('aria-valuenow', Math.min(all.to, Math.max(all.from, now ?? all.to)).toFixed(1));
    const whose = kind === 'everybody' ? '' : (parts.current.get('face')?.textContent ?? '');
    const spoken = valueText(now, now === null ? null : track.at(ids, now));
    slider?.setAttribute('aria-valuetext', whose === '' ? spoken : `${spoken}, ${whose}`);
  };
  const showPreview = (track: TimelineTrack, ids: number[]) => {
    const at = hover.current ?? keyed.current;
    const place = at === null ? null : (plot.current?.placeOf(at) ?? null);
    preview.current?.point(at, place, at === null ? '' : previewText(kind, item, track, ids, at));
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
    const stops = [controller.live.onFrame(schedule), controller.moment.onTime(schedule)];
    return () => {
      for (const event of events) element.removeEventListener(event, schedule);
      for (const stop of stops) stop();
    };
  }, [controller, schedule]);

  const zoom = (factor: number, at = controller.moment.present() ?? extent().to) => {
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
    controller.moment.goTo(to);
    view.current = to === null ? { ...view.current, end: null } : showing(view.current, all, to);
    draw();
  };
  /** The explanation whose mark is at a time, if any. */
  const openAt = (time: number): boolean => {
    const near = Math.max(plot.current?.secondsOf(NEAR_PX) ?? 0, item.kind === 'camera' ? NEAR_SECONDS : 0);
    const away = (run: { time: number }) => Math.abs(run.time - time);
    const [nearest] = item.explanations.filter((run) => away(run) <= near).sort((a, b) => away(a) - away(b));
    if (!nearest) return false;
    controller.moment.showRun(nearest);
    onRun(nearest.runId);
    draw();
    return true;
  };
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape' && keyed.current !== null) {
      event.stopPropagation();
      return hidePreview();
    }
    const all = extent();
    const now = controller.moment.present() ?? all.to;
    const step = (way: number) => {
      keyed.current = Math.min(all.to, Math.max(all.from, now + way * (event.shiftKey ? 10 : 1)));
      goTo(keyed.current);
    };
    switch (event.key) {
      case 'ArrowLeft':
        step(-1);
        break;
      case 'ArrowRight':
        step(1);
        break;
      case 'Home':
        keyed.current = all.from;
        goTo(all.from);
        break;
      case 'End':
        keyed.current = null;
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
    keyed.current = null;
    // At once: it follows the pointer.
    const track = controller.readings.track(item.id);
    showPreview(track, members(track));
    schedule();
  };
  const hidePreview = () => {
    hover.current = null;
    keyed.current = null;
    preview.current?.point(null, null, '');
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
          onClick={() => controller.moment.addMark()}
        >
          <Flag size={14} aria-hidden="true" /> <span className="timeline-word">{messages.timeline.mark}</span>
        </button>
        <TimelineMarks item={item} peaks={() => controller.readings.track(item.id).peaks} onGo={goTo} onRun={(run) => openAt(run.time)} />
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
          onPointerLeave={hidePreview}
          onBlur={hidePreview}
          onClick={click}
        >
          <div className="timeline-host" ref={host} />
          <i className="timeline-line" data-line="now" ref={part('now')} />
          <i className="timeline-line" data-line="hover" ref={part('hover')} />
          <TimelinePreview item={item} ref={preview} />
        </div>
      ) : (
        <p className="timeline-empty">{messages.timeline.nothing}</p>
      )}
      <div className="timeline-legend" hidden={!read} aria-hidden="true">
        <output className="timeline-time" ref={part('time')} />
        <span className="timeline-face" ref={part('face')} hidden={kind === 'everybody'} />
        {kind === 'everybody' && <span ref={part('everybody')} />}
        {kind === 'affect' ? (
          <>
            <LegendEntry name={messages.timeline.valence} sample="valence" value={part('valence')} />
            <LegendEntry name={messages.timeline.arousal} sample="arousal" value={part('arousal')} />
          </>
        ) : (
          SHOWN_EMOTIONS.map((label) => <LegendEmotion key={label} label={label} value={kind === 'emotions' ? part(label) : null} />)
        )}
        {(item.cuts?.length ?? 0) > 0 && (
          <span className="timeline-entry" data-sample="cut">
            <i /> {messages.timeline.legend.cut}
          </span>
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

/** Whether there is anything to draw: a film without faces may have cuts. */
function isRead(item: Item, track: TimelineTrack): boolean {
  return track.extent !== null || (item.cuts?.length ?? 0) > 0;
}

/** The strongest of what was read at a moment, for the small picture of it. */
function previewText(kind: PlotKind, item: Item, track: TimelineTrack, ids: number[], time: number): string {
  if (kind === 'everybody') return everybodyAt(item.people, track, time);
  const stretch = track.at(ids, time);
  if (!stretch) return messages.timeline.absent;
  const top = topOf(stretch);
  return kind === 'emotions'
    ? `${messages.emotions[top]} ${percent(stretch.probabilities[top])}`
    : `${messages.timeline.valence} ${signed(stretch.valence)}, ${messages.timeline.arousal} ${signed(stretch.arousal)}`;
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
  if (!extent) return item.cuts ? messages.timeline.cuts(item.cuts.length) : '';
  const counts = new Map<EmotionLabel, number>();
  const stretches = track.stretches(ids, extent.from, extent.to, MOST_POINTS / 4).values.filter((value) => value !== null);
  for (const value of stretches) counts.set(topOf(value), (counts.get(topOf(value)) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  const peaks = track.peaks.filter(({ faceId }) => ids.includes(faceId)).length;
  const summary = messages.timeline.summary(clock(extent.to - extent.from), peaks, item.explanations.length, item.marks.length);
  const cuts = item.cuts && item.cuts.length > 0 ? [messages.timeline.cuts(item.cuts.length)] : [];
  const mostly = most ? [messages.timeline.mostly(messages.emotions[most[0]], percent(most[1] / stretches.length))] : [];
  return [summary, ...cuts, ...mostly].join(' ');
}

function set(element: HTMLElement | undefined, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}

function placeLine(line: HTMLElement | undefined, plot: TimelinePlot, time: number | null): void {
  const place = time === null ? null : plot.placeOf(time);
  line?.toggleAttribute('hidden', place === null);
  if (line && place !== null) line.style.transform = `translateX(${place.toFixed(1)}px)`;
}
