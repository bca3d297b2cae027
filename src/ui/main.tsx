import { StrictMode, useCallback, useLayoutEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { VERSION } from '../shared/version.ts';
import { createAnalyzer } from '../workers/client.ts';
import { App } from './app.tsx';
import './theme.css';
import './layout.css';
import './controls.css';
import './stage.css';
import './readings.css';
import './reasoning.css';
import './model-card.css';
import './benchmark.css';
import './sessions.css';
import './timeline.css';
import { SessionContext } from './session-context.ts';
import { SessionController } from './session-controller.ts';
import { SessionKeeper } from './session-keeper.ts';
import { SessionStore } from './session-store.ts';
import { loadSettings, readAddress, type Settings, saveSettings } from './settings.ts';
import { StateStore } from './state-store.ts';

const store = new StateStore();
const firstSettings = loadSettings();
const controller = new SessionController({
  store,
  startAnalyzer: createAnalyzer,
  address: readAddress(location.search),
  backend: firstSettings.backend,
  smoothing: firstSettings.smoothing,
  explainPeaks: firstSettings.explainPeaks,
  baseUrl: document.baseURI,
});

const keeper = new SessionKeeper({
  store,
  source: controller,
  openStore: () => SessionStore.open(),
  enabled: firstSettings.keepSessions,
  locks: navigator.locks ?? null,
  tab: thisTab(),
  persist: () => void navigator.storage?.persist?.().catch(() => {}),
});
void keeper.begin();
document.addEventListener('visibilitychange', () => document.hidden && void keeper.save());
window.addEventListener('pagehide', () => void keeper.save());

/** Where a tab remembers its session over a reload; refused storage is as good as a new tab. */
function thisTab() {
  const KEY = 'emollm-session';
  return {
    get: () => {
      try {
        return sessionStorage.getItem(KEY);
      } catch {
        return null;
      }
    },
    set: (id: string) => {
      try {
        sessionStorage.setItem(KEY, id);
      } catch {
        // Then the session that was written last comes back.
      }
    },
  };
}

function Root() {
  const [settings, setSettings] = useState<Settings>(firstSettings);
  const changeSettings = useCallback((change: Partial<Settings>) => {
    setSettings((last) => {
      const next = { ...last, ...change };
      saveSettings(next);
      return next;
    });
    if (change.smoothing !== undefined) controller.smoothing = change.smoothing;
    if (change.explainPeaks !== undefined) controller.setExplainPeaks(change.explainPeaks);
    if (change.keepSessions !== undefined) keeper.setEnabled(change.keepSessions);
  }, []);
  useLayoutEffect(() => {
    if (settings.theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = settings.theme;
  }, [settings.theme]);
  const handles = useMemo(() => ({ store, controller, keeper, settings, changeSettings }), [settings, changeSettings]);
  return (
    <SessionContext value={handles}>
      <App version={VERSION} />
    </SessionContext>
  );
}

const root = document.getElementById('root');
if (!root) throw new Error('index.html lacks #root');
createRoot(root).render(
  <StrictMode>
    <Root />
  </StrictMode>,
);
