import { StrictMode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { VERSION } from '../shared/version.ts';
import { createAnalyzer, runEvaluation } from '../workers/client.ts';
import { App } from './app.tsx';
import './layout.css';
import './controls.css';
import './stage.css';
import './readings.css';
import './reasoning.css';
import './model-card.css';
import './benchmark.css';
import './sessions.css';
import './timeline.css';
import './video-jobs.css';
import './performance.css';
import './recording.css';
import './faces-shown.css';
import './network.css';
import './camera-notice.css';
import './landscape.css';
import { Evaluation } from './evaluation.ts';
import { chooseLanguage, currentLanguage, languageInAddress } from './language.ts';
import { SessionContext } from './session-context.ts';
import { SessionController } from './session-controller.ts';
import { SessionKeeper } from './session-keeper.ts';
import { SessionStore } from './session-store.ts';
import { loadSettings, readAddress, type Settings, saveSettings } from './settings.ts';
import { speak } from './speech.ts';
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
  cameraNoticed: firstSettings.cameraNoticed,
  pieces: { write: (...piece) => keeper.writePiece(...piece) },
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

const evaluation = new Evaluation({
  run: runEvaluation,
  loadOptions: (pack) => controller.loadOptions(pack),
  showFile: (file, itemId) => controller.showFile(file, itemId),
  now: () => performance.now() / 1000,
});
document.addEventListener('visibilitychange', () => document.hidden && void keeper.save());
window.addEventListener('pagehide', () => void keeper.save());

/** Before the next paint, and not with React's next one. */
function showFaces(shown: Settings['facesShown']): void {
  controller.painter.setFacesShown(shown);
  document.documentElement.dataset.faces = shown;
}
showFaces(firstSettings.facesShown);

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
  const [kept, setKept] = useState<Settings>(firstSettings);
  // The address' language is none of the settings, until another one is chosen.
  const [asked, setAsked] = useState(() => languageInAddress(location.search));
  const [language, setLanguage] = useState(currentLanguage);
  const changeSettings = useCallback((change: Partial<Settings>) => {
    setKept((last) => {
      const next = { ...last, ...change };
      saveSettings(next);
      return next;
    });
    if (change.smoothing !== undefined) controller.smoothing = change.smoothing;
    if (change.facesShown !== undefined) showFaces(change.facesShown);
    if (change.explainPeaks !== undefined) controller.setExplainPeaks(change.explainPeaks);
    if (change.keepSessions !== undefined) keeper.setEnabled(change.keepSessions);
    if (change.cameraNoticed !== undefined) controller.cameraNoticed = change.cameraNoticed;
    if (change.language !== undefined) {
      setAsked(null);
      void speak(chooseLanguage(change.language, navigator.languages)).then(setLanguage);
    }
  }, []);
  const settings = useMemo(() => ({ ...kept, language: asked ?? kept.language }), [kept, asked]);
  // With another language all is drawn anew: the focus goes back to where it was chosen.
  const drawn = useRef(language);
  useEffect(() => {
    if (drawn.current !== language) document.getElementById('settings-button')?.focus();
    drawn.current = language;
  }, [language]);
  useLayoutEffect(() => {
    if (settings.theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = settings.theme;
  }, [settings.theme]);
  const handles = useMemo(() => ({ store, controller, keeper, evaluation, settings, changeSettings }), [settings, changeSettings]);
  return (
    <SessionContext value={handles}>
      {/* Anew in another language: much is drawn without React. */}
      <App key={language} version={VERSION} />
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
