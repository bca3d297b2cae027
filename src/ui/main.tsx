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
import { SessionContext } from './session-context.ts';
import { SessionController } from './session-controller.ts';
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
  baseUrl: document.baseURI,
});

function Root() {
  const [settings, setSettings] = useState<Settings>(firstSettings);
  const changeSettings = useCallback((change: Partial<Settings>) => {
    setSettings((last) => {
      const next = { ...last, ...change };
      saveSettings(next);
      return next;
    });
    if (change.smoothing !== undefined) controller.smoothing = change.smoothing;
  }, []);
  useLayoutEffect(() => {
    if (settings.theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = settings.theme;
  }, [settings.theme]);
  const handles = useMemo(() => ({ store, controller, settings, changeSettings }), [settings, changeSettings]);
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
