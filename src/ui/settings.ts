import * as v from 'valibot';
import type { BackendChoices } from '../shared/events.ts';
import { type BackendChoice, GRAPH_NAMES, PROMPTINGS, type Prompting } from '../shared/labels.ts';
import { FACES_SHOWN, type FacesShown } from '../shared/overlay.ts';
import { VERSION } from '../shared/version.ts';
import { hubAddress } from './hub-address.ts';
import { type LanguageChoice, languageChoice } from './language.ts';
import { packId } from './pack-choice.ts';

export interface Settings {
  theme: 'auto' | 'light' | 'dark';
  language: LanguageChoice;
  backend: BackendChoice;
  /** Time constant of live readings in seconds; 0 is raw. */
  smoothing: number;
  overlay: { boxes: boolean; labels: boolean; landmarks: boolean };
  /** Whether faces can be known on the page and in what is exported as a picture. */
  facesShown: FacesShown;
  /** Whether what is open is written to the browser's storage. */
  keepSessions: boolean;
  /**
   * Whether changes of expression in a camera or video are explained by themselves. Off at first, on every backend: an explanation takes
   * seconds of the whole machine (on WASM it slows the readings meanwhile), and nobody asked for it.
   */
  explainPeaks: boolean;
  /** Whether the timeline is open. */
  timeline: boolean;
  /** Whether the user has read, before a camera was first started, what the page does with it and cannot know. */
  cameraNoticed: boolean;
  /** Pack of this browser's store that takes the language model's place; null: the pack's own. */
  foundation: string | null;
  /** Pack of ours in this browser's store that takes the place of the page's; null: the page's. */
  storedPack: string | null;
  /** How questions are put. */
  prompting: Prompting;
  /** Where foundation packs are fetched, in place of the Hugging Face hub; null: from there. */
  mirror: string | null;
}

/** What the address asks for; it wins over what was set, for this visit. */
export interface AddressOptions {
  pack: string;
  /** It was asked for by its name: a stored pack does not take its place. */
  packNamed: boolean;
  /** Null: as it is set. */
  foundation: string | null;
  backend: BackendChoice | null;
  graphBackends: Record<string, BackendChoice>;
}

export const MAX_SMOOTHING = 2;
const KEY = 'emollm-settings';
const CHOICES_KEY = 'emollm-backends';

export const defaultSettings: Settings = {
  theme: 'auto',
  language: 'auto',
  backend: 'auto',
  smoothing: 0.3,
  overlay: { boxes: true, labels: true, landmarks: false },
  facesShown: 'as-they-are',
  keepSessions: true,
  explainPeaks: false,
  timeline: true,
  cameraNoticed: false,
  foundation: null,
  storedPack: null,
  prompting: 'emoprompt',
  mirror: null,
};

/** `?pack=tiny&foundation=smolvlm-256m-instruct&backend=wasm&backend.language-model=webgpu`; what is not understood is left out. */
export function readAddress(search: string): AddressOptions {
  const query = new URLSearchParams(search);
  const pack = query.get('pack') ?? '';
  const graphBackends: Record<string, BackendChoice> = {};
  for (const graph of GRAPH_NAMES) {
    const choice = backendChoice(query.get(`backend.${graph}`));
    if (choice) graphBackends[graph] = choice;
  }
  const packNamed = /^[a-z0-9-]+$/.test(pack);
  return {
    pack: packNamed ? pack : 'emollm-s',
    packNamed,
    foundation: packId(query.get('foundation')),
    backend: backendChoice(query.get('backend')),
    graphBackends,
  };
}

function backendChoice(value: string | null): BackendChoice | null {
  return value === 'auto' || value === 'webgpu' || value === 'wasm' ? value : null;
}

/** Settings of an earlier visit; a missing, broken or older entry gives the defaults for what it lacks. */
export function parseSettings(text: string | null): Settings {
  let stored: unknown;
  try {
    stored = JSON.parse(text ?? 'null');
  } catch {
    return defaultSettings;
  }
  if (!isRecord(stored)) return defaultSettings;
  const overlay = isRecord(stored.overlay) ? stored.overlay : {};
  const { theme, smoothing } = stored;
  return {
    theme: theme === 'light' || theme === 'dark' ? theme : 'auto',
    language: languageChoice(stored.language) ?? defaultSettings.language,
    backend: backendChoice(typeof stored.backend === 'string' ? stored.backend : null) ?? defaultSettings.backend,
    smoothing: typeof smoothing === 'number' && smoothing >= 0 && smoothing <= MAX_SMOOTHING ? smoothing : defaultSettings.smoothing,
    overlay: {
      boxes: flag(overlay.boxes, defaultSettings.overlay.boxes),
      labels: flag(overlay.labels, defaultSettings.overlay.labels),
      landmarks: flag(overlay.landmarks, defaultSettings.overlay.landmarks),
    },
    facesShown: FACES_SHOWN.find((each) => each === stored.facesShown) ?? defaultSettings.facesShown,
    keepSessions: flag(stored.keepSessions, defaultSettings.keepSessions),
    explainPeaks: flag(stored.explainPeaks, defaultSettings.explainPeaks),
    timeline: flag(stored.timeline, defaultSettings.timeline),
    cameraNoticed: flag(stored.cameraNoticed, defaultSettings.cameraNoticed),
    foundation: packId(stored.foundation),
    storedPack: packId(stored.storedPack),
    prompting: PROMPTINGS.find((each) => each === stored.prompting) ?? defaultSettings.prompting,
    mirror: typeof stored.mirror === 'string' ? hubAddress(stored.mirror) : null,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function flag(value: unknown, otherwise: boolean): boolean {
  return typeof value === 'boolean' ? value : otherwise;
}

/** Storage may be refused (private windows); the settings then last as long as the page. */
export function loadSettings(): Settings {
  try {
    return parseSettings(localStorage.getItem(KEY));
  } catch {
    return defaultSettings;
  }
}

export function saveSettings(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Refused storage is no reason to bother anybody.
  }
}

const milliseconds = v.pipe(v.number(), v.minValue(0));
const choices = v.object({
  /** The app that measured: another version may run other kernels. */
  app: v.literal(VERSION),
  identity: v.string(),
  graphs: v.record(v.picklist(GRAPH_NAMES), v.object({ webgpu: v.optional(milliseconds), wasm: v.optional(milliseconds) })),
});

/** Which backend each graph ran fastest on at an earlier visit; null where that is unknown or of another version of the app. */
export function parseChoices(text: string | null): BackendChoices | null {
  try {
    const parsed = v.safeParse(choices, JSON.parse(text ?? 'null'));
    return parsed.success ? { identity: parsed.output.identity, graphs: parsed.output.graphs as BackendChoices['graphs'] } : null;
  } catch {
    return null;
  }
}

export function loadChoices(): BackendChoices | null {
  try {
    return parseChoices(localStorage.getItem(CHOICES_KEY));
  } catch {
    return null;
  }
}

export function saveChoices({ identity, graphs }: BackendChoices): void {
  try {
    localStorage.setItem(CHOICES_KEY, JSON.stringify({ app: VERSION, identity, graphs }));
  } catch {
    // Refused storage: it is measured again.
  }
}
