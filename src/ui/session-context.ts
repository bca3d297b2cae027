import { createContext, useContext, useSyncExternalStore } from 'react';
import type { AnalysisState } from './analysis-state.ts';
import type { AppShell } from './app-shell.ts';
import type { Evaluation, EvaluationState } from './evaluation.ts';
import type { FullSelfTest, SelfTestRecord } from './full-self-test.ts';
import type { ComparingState, PackComparison } from './pack-comparison.ts';
import type { Packs, PacksState } from './packs.ts';
import type { SessionController } from './session-controller.ts';
import type { Keeping, SessionKeeper } from './session-keeper.ts';
import type { Settings } from './settings.ts';
import type { StateStore } from './state-store.ts';

export interface SessionHandles {
  store: StateStore;
  controller: SessionController;
  keeper: SessionKeeper;
  evaluation: Evaluation;
  packs: Packs;
  comparison: PackComparison;
  selfTest: FullSelfTest;
  shell: AppShell;
  settings: Settings;
  changeSettings: (change: Partial<Settings>) => void;
}

export const SessionContext = createContext<SessionHandles | null>(null);

export function useSession(): SessionHandles {
  const handles = useContext(SessionContext);
  if (!handles) throw new Error('useSession outside SessionContext');
  return handles;
}

/** A part of the state; renders again only when that part changes, so it must keep its identity. */
export function useAppState<T>(select: (state: AnalysisState) => T): T {
  const { store } = useSession();
  return useSyncExternalStore(store.subscribeView, () => select(store.get()));
}

/** Whether what is open is kept, and why not. */
export function useKeeping(): Keeping {
  const { keeper } = useSession();
  return useSyncExternalStore(keeper.onKeeping, keeper.keeping);
}

/** What is judged, and the reports so far. */
export function useEvaluation(): EvaluationState {
  const { evaluation } = useSession();
  return useSyncExternalStore(evaluation.subscribe, evaluation.get);
}

/** The packs of this browser, and what is being fetched. */
export function usePacks(): PacksState {
  const { packs } = useSession();
  return useSyncExternalStore(packs.subscribe, packs.get);
}

/** What the last whole self-test on this machine found; null where there was none. */
export function useSelfTest(): SelfTestRecord | null {
  const { selfTest } = useSession();
  return useSyncExternalStore(selfTest.subscribe, selfTest.get);
}

/** Two packs on one picture. */
export function useComparing(): ComparingState {
  const { comparison } = useSession();
  return useSyncExternalStore(comparison.subscribe, comparison.get);
}
