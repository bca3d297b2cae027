import { Slider } from 'radix-ui';
import { useEffect, useState } from 'react';
import { selectedItem } from './analysis-state.ts';
import { clock } from './format.ts';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';

/** Where the video is, and the way to another moment. */
export function VideoPosition() {
  const { controller, store } = useSession();
  const paused = useAppState((state) => state.paused);
  const { moment, source } = controller;
  const { element } = source;
  const item = useAppState(selectedItem);
  const [played, setPosition] = useState({ time: 0, duration: 0 });
  useEffect(() => {
    const update = () => setPosition({ time: element.currentTime, duration: Number.isFinite(element.duration) ? element.duration : 0 });
    const ended = () => store.dispatch({ type: 'paused', paused: true });
    const events = ['timeupdate', 'durationchange', 'seeked', 'emptied'] as const;
    for (const event of events) element.addEventListener(event, update);
    element.addEventListener('ended', ended);
    const stop = moment.onTime(update);
    update();
    return () => {
      for (const event of events) element.removeEventListener(event, update);
      element.removeEventListener('ended', ended);
      stop();
    };
  }, [element, moment, store]);
  // A video that rests after a reload, or came back without its file, is not opened: what was read of it tells where it is and how far it goes.
  const isOpened = played.duration > 0;
  const { time, duration } = isOpened || !item ? played : { time: moment.present() ?? 0, duration: moment.extent(item).to };
  return (
    <div className="position" data-paused={paused}>
      <span className="position-time">{clock(time)}</span>
      <Slider.Root
        className="slider"
        min={0}
        max={Math.max(duration, 0.1)}
        step={0.1}
        value={[Math.min(time, duration)]}
        disabled={duration === 0}
        onValueChange={([to]) => {
          if (to === undefined) return;
          if (isOpened) element.currentTime = to;
          else moment.goTo(to);
        }}
      >
        <Slider.Track className="slider-track">
          <Slider.Range className="slider-range" />
        </Slider.Track>
        <Slider.Thumb className="slider-thumb" aria-label={messages.position} aria-valuetext={clock(time)} />
      </Slider.Root>
      <span className="position-time">{clock(duration)}</span>
    </div>
  );
}
