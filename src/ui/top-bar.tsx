import { CircleHelp, History, Monitor, Moon, Sun } from 'lucide-react';
import { TASKS } from '../shared/labels.ts';
import { GlyphLogo } from './emotion-glyph.tsx';
import { IconButton } from './icon-button.tsx';
import { messages } from './messages.ts';
import { ModelStatus } from './model-status.tsx';
import { Picker } from './picker.tsx';
import { useAppState, useSession } from './session-context.ts';
import { SessionsDialog } from './sessions-dialog.tsx';
import type { Settings } from './settings.ts';
import { SettingsPopover } from './settings-popover.tsx';

const NEXT_THEME = { auto: 'light', light: 'dark', dark: 'auto' } as const;
const THEME_ICONS = { auto: Monitor, light: Sun, dark: Moon };

interface TopBarProps {
  onHelp: () => void;
  /** The pointer or the focus comes near the button. */
  onHelpNear: () => void;
}

export function TopBar({ onHelp, onHelpNear }: TopBarProps) {
  const { store, settings, changeSettings } = useSession();
  const task = useAppState((state) => state.task);
  return (
    <header className="top-bar">
      <h1 className="name">
        <GlyphLogo />
        {messages.name}
      </h1>
      <ModelStatus />
      <div className="top-actions">
        <Picker
          label={messages.task}
          value={task}
          options={TASKS.map((each) => ({ value: each, ...messages.tasks[each] }))}
          onChange={(next) => store.dispatch({ type: 'task-chosen', task: next })}
        />
        <SessionsDialog>
          <IconButton name={messages.sessions.name}>
            <History size={18} aria-hidden="true" />
          </IconButton>
        </SessionsDialog>
        <ThemeButton theme={settings.theme} onChange={(theme) => changeSettings({ theme })} />
        <SettingsPopover />
        <IconButton name={messages.help} onClick={onHelp} onPointerEnter={onHelpNear} onFocus={onHelpNear}>
          <CircleHelp size={19} aria-hidden="true" />
        </IconButton>
      </div>
    </header>
  );
}

function ThemeButton({ theme, onChange }: { theme: Settings['theme']; onChange: (theme: Settings['theme']) => void }) {
  const Icon = THEME_ICONS[theme];
  const label = `${messages.theme}: ${messages.themes[theme]}`;
  return (
    <button type="button" className="icon-button theme-button" aria-label={label} title={label} onClick={() => onChange(NEXT_THEME[theme])}>
      <Icon size={18} aria-hidden="true" />
    </button>
  );
}
