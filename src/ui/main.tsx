import { StrictMode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { hasEnd } from '../media/remux-apart.ts';
import { VERSION } from '../shared/version.ts';
import { createAnalyzer, createPacks, runEvaluation, runSelfTest } from '../workers/client.ts';
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
import './quiet-notice.css';
import './landscape.css';
import type { StartAnalyzer } from './analyzer.ts';
import { AppShell } from './app-shell.ts';
import { Evaluation } from './evaluation.ts';
import { readReportFile, readSessionFile } from './file-reader.ts';
import { frozenFrame } from './frozen-frame.ts';
import { FullSelfTest } from './full-self-test.ts';
import { HUB } from './hub-address.ts';
import { chooseLanguage, currentLanguage, languageInAddress } from './language.ts';
import { fetchLater } from './later.ts';
import { memoryUse } from './memory.ts';
import { firstChoice } from './pack-choice.ts';
import { PackComparison } from './pack-comparison.ts';
import { Packs } from './packs.ts';
import { SessionContext } from './session-context.ts';
import { SessionController } from './session-controller.ts';
import { SessionKeeper } from './session-keeper.ts';
import { SessionStore } from './session-store.ts';
import { loadSettings, readAddress, type Settings, saveSettings } from './settings.ts';
import { speak } from './speech.ts';
import { StateStore } from './state-store.ts';

const startAnalyzer: StartAnalyzer = (onEvent, recover) => createAnalyzer(onEvent, recover ? { recover } : {});

const store = new StateStore();
const firstSettings = loadSettings();
store.dispatch({ type: 'prompting-chosen', prompting: firstSettings.prompting });
const address = readAddress(location.search);
const controller = new SessionController({
  store,
  startAnalyzer,
  address,
  packs: firstChoice(address, firstSettings),
  backend: firstSettings.backend,
  smoothing: firstSettings.smoothing,
  explainPeaks: firstSettings.explainPeaks,
  cameraNoticed: firstSettings.cameraNoticed,
  hasEnd,
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
  unpack: readSessionFile,
});
void keeper.begin();

const evaluation = new Evaluation({
  run: runEvaluation,
  loadOptions: (pack, choice) => controller.loadOptions(pack, choice),
  showFile: (file, itemId) => controller.showFile(file, itemId),
  now: () => performance.now() / 1000,
  readReport: readReportFile,
});

let hubUrl = firstSettings.mirror ?? HUB;
const packs = new Packs({
  options: () => ({ modelsUrl: new URL('models/', document.baseURI).href, hubUrl, backend: controller.backend }),
  start: createPacks,
});

const comparison = new PackComparison({
  startAnalyzer,
  loadOptions: (choice) => controller.loadOptions(controller.packName, choice),
  frame: () => frozenFrame(store, controller),
  memory: wholeMemory,
  now: () => performance.now(),
});

const selfTest = new FullSelfTest({
  store,
  run: runSelfTest,
  loadOptions: () => controller.loadOptions(controller.packName, controller.packs),
  isBusyElsewhere: () => controller.benchmark.isRunning || evaluation.get().running !== null || comparison.get().running !== null,
  userAgent: navigator.userAgent,
  memory: (navigator as { deviceMemory?: number }).deviceMemory,
  storage: {
    getItem: (key) => localStorage.getItem(key),
    setItem: (key, value) => localStorage.setItem(key, value),
  },
});
for (const other of [evaluation, comparison, controller.benchmark]) other.subscribe(() => selfTest.heed());

document.addEventListener('visibilitychange', () => document.hidden && void keeper.save());
window.addEventListener('pagehide', () => {
  controller.cameraRest.rest();
  void keeper.save();
});

/** Milliseconds for the browser's own measure: an idle page is told after a minute. */
const MEMORY_PATIENCE = 90_000;

/** With the workers, where models lie; null where the browser tells of the page's scripts alone. */
async function wholeMemory(): Promise<number | null> {
  const use = await memoryUse(MEMORY_PATIENCE);
  return use?.by === 'measureUserAgentSpecificMemory' ? use.bytes : null;
}

const shell = new AppShell({
  container: import.meta.env.PROD ? (navigator.serviceWorker ?? null) : null,
  script: new URL('shell.js', document.baseURI).href,
  fetch: (url, init) => fetch(url, init),
  reload: () => location.reload(),
});
// Its copies of the page's files come last: what is needed now goes first, and the pack is in the browser's storage by then.
const stopWaiting = store.subscribe(() => {
  const { phase } = store.get().model.parts['language-model'];
  if (phase !== 'ready' && phase !== 'failed') return;
  stopWaiting();
  void Promise.all([fetchLater(), controller.loaded]).then(() => shell.register());
});

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
    if (change.explainPeaks !== undefined) controller.livePeaks.setOn(change.explainPeaks);
    if (change.keepSessions !== undefined) keeper.setEnabled(change.keepSessions);
    if (change.cameraNoticed !== undefined) controller.camera.isNoticed = change.cameraNoticed;
    if (change.prompting !== undefined) store.dispatch({ type: 'prompting-chosen', prompting: change.prompting });
    if (change.foundation !== undefined || change.storedPack !== undefined) {
      const { foundation = controller.packs.foundation, storedPack = controller.packs.storedPack } = change;
      controller.changePacks({ foundation, storedPack });
    }
    if (change.mirror !== undefined) {
      hubUrl = change.mirror ?? HUB;
      void packs.moved();
    }
    // Once the controller has heard of it, too.
    if (change.backend !== undefined) queueMicrotask(() => void packs.moved());
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
  const handles = useMemo(
    () => ({ store, controller, keeper, evaluation, packs, comparison, selfTest, shell, settings, changeSettings }),
    [settings, changeSettings],
  );
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
