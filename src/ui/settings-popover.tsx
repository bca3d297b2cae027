import { Settings2 } from 'lucide-react';
import { Popover, Slider, ToggleGroup } from 'radix-ui';
import { messages } from './messages.ts';
import { said } from './phrases.ts';
import { useAppState, useSession } from './session-context.ts';
import { MAX_SMOOTHING } from './settings.ts';
import { SwitchLine, SwitchSetting } from './switch-line.tsx';

export function SettingsPopover() {
  const { controller, settings, changeSettings } = useSession();
  return (
    <Popover.Root>
      <Popover.Trigger className="icon-button" id="settings-button" aria-label={messages.settings} title={messages.settings}>
        <Settings2 size={18} aria-hidden="true" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="panel settings" sideOffset={8} align="end" collisionPadding={8} aria-label={messages.settings}>
          <Choice
            label={messages.backend}
            value={controller.backend}
            names={messages.backends}
            hint={messages.backendHint}
            onChange={(backend) => {
              changeSettings({ backend });
              controller.reload(backend);
            }}
          />
          <Choice
            label={messages.language}
            value={settings.language}
            names={messages.languages}
            onChange={(language) => changeSettings({ language })}
          />
          <Choice label={messages.theme} value={settings.theme} names={messages.themes} onChange={(theme) => changeSettings({ theme })} />
          <div className="setting">
            <span className="setting-name">
              {messages.smoothingDefault}
              <output>{messages.smoothingValue(settings.smoothing)}</output>
            </span>
            <SmoothingSlider />
          </div>
          <OverlaySwitches />
          <Choice
            label={messages.faces.shown}
            value={settings.facesShown}
            names={messages.faces.ways}
            hint={messages.faces.hint}
            onChange={(facesShown) => changeSettings({ facesShown })}
          />
          <SwitchSetting
            label={messages.sessions.keep}
            hint={messages.sessions.keepHint}
            checked={settings.keepSessions}
            onChange={(keepSessions) => changeSettings({ keepSessions })}
          />
          <About />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

export function SmoothingSlider() {
  const { settings, changeSettings } = useSession();
  return (
    <Slider.Root
      className="slider"
      min={0}
      max={MAX_SMOOTHING}
      step={0.1}
      value={[settings.smoothing]}
      onValueChange={([smoothing]) => smoothing !== undefined && changeSettings({ smoothing })}
    >
      <Slider.Track className="slider-track">
        <Slider.Range className="slider-range" />
      </Slider.Track>
      <Slider.Thumb className="slider-thumb" aria-label={messages.smoothing} aria-valuetext={messages.smoothingValue(settings.smoothing)} />
    </Slider.Root>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  names: Record<T, string>;
  hint?: string;
  onChange: (value: T) => void;
}

/** One of a few, all of them seen. */
export function Choice<T extends string>({ label, value, names, hint, onChange }: ChoiceProps<T>) {
  const entries = Object.entries(names) as [T, string][];
  const choose = (next: string) => {
    const entry = entries.find(([key]) => key === next);
    if (entry && entry[0] !== value) onChange(entry[0]);
  };
  return (
    <div className="setting">
      <span className="setting-name">{label}</span>
      <ToggleGroup.Root className="choice" type="single" value={value} onValueChange={choose} aria-label={label}>
        {entries.map(([key, name]) => (
          <ToggleGroup.Item key={key} value={key} className="choice-item">
            {name}
          </ToggleGroup.Item>
        ))}
      </ToggleGroup.Root>
      {hint && <small>{hint}</small>}
    </div>
  );
}

function OverlaySwitches() {
  const { settings, changeSettings } = useSession();
  const { overlay } = settings;
  return (
    <div className="setting">
      <span className="setting-name">{messages.overlay}</span>
      {(['boxes', 'labels', 'landmarks'] as const).map((key) => (
        <SwitchLine
          key={key}
          label={messages.overlayOptions[key]}
          checked={overlay[key]}
          onChange={(on) => changeSettings({ overlay: { ...overlay, [key]: on } })}
        />
      ))}
    </div>
  );
}

/** Pack, where each graph runs, and why something slower was taken. */
function About() {
  const info = useAppState((state) => state.model.info);
  if (!info) return null;
  return (
    <details className="setting about">
      <summary className="setting-name">{messages.about}</summary>
      <p>{messages.packLine(info.packId, info.packVersion)}</p>
      {info.adapter !== '' && <p>{info.adapter}</p>}
      {info.foundation && (
        <p className="about-foundation">
          {messages.packs.writes(info.foundation.id, info.foundation.revision)}{' '}
          {Object.entries(info.foundation.dtypes)
            .map(([graph, dtype]) => `${graph} ${dtype}`)
            .join(', ')}
        </p>
      )}
      <ul>
        {info.graphs.map((graph) => (
          <li key={graph.graph}>
            <span>{graph.graph}</span>
            <span title={messages.measured(graph.times)}>{`${messages.backendNames[graph.backend]} ${graph.dtype}`}</span>
          </li>
        ))}
      </ul>
      {info.choices && <p>{messages.chosenByMeasuring}</p>}
      {info.notes.map((note) => (
        <p key={note}>{said(note)}</p>
      ))}
    </details>
  );
}
