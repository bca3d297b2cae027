import { Play, Square } from 'lucide-react';
import { Progress } from 'radix-ui';
import { useEffect, useId, useState } from 'react';
import { openPicture } from '../media/picture-file.ts';
import { EVALUATION_TASKS, type EvaluationTask, type Judge, type TaskOptions } from '../shared/evaluation.ts';
import { type BackendChoice, PROMPTINGS, type Prompting } from '../shared/labels.ts';
import type { PackEntry } from '../shared/packs.ts';
import type { Result } from '../shared/result.ts';
import type { EvaluationProgress } from '../workers/client.ts';
import { ErrorText } from './error-text.tsx';
import type { RunChoice, Running } from './evaluation.ts';
import { missingFiles } from './evaluation-guess.ts';
import { type LabelsRead, readLabels } from './file-reader.ts';
import { megabytes } from './format.ts';
import type { LabelledFolder } from './labelled-folder.ts';
import { messages } from './messages.ts';
import { fetchPackFacts, type PackFacts, parsePackFacts } from './pack-facts.ts';
import { Picker } from './picker.tsx';
import { usePacks, useSession } from './session-context.ts';

const text = messages.evaluation;

/** Packs that come with the page; any other folder under models/ can be named. */
const KNOWN_PACKS = ['emollm-s', 'tiny'];
const PACK_NAME = /^[a-z0-9-]+$/;
const BACKENDS = ['auto', 'webgpu', 'wasm'] as const satisfies BackendChoice[];
/** In gigabytes, as browsers tell it, rounded down to a power of two: where there is no more, a second model may be too much. */
const LITTLE_MEMORY = 4;
/** Square pictures up to this side, in px, are taken for face crops. */
const CROP_SIDE = 128;

interface EvaluationSetupProps {
  folder: LabelledFolder;
  onStart: (choice: RunChoice) => void;
}

/** What is to be judged, how, and what is wrong with the labels. */
export function EvaluationSetup({ folder, onStart }: EvaluationSetupProps) {
  const { controller } = useSession();
  const [pack, setPack] = useState(controller.packs.storedPack ?? controller.packName);
  const { foundations, own } = useStoredPacks();
  // The one in use is known before the others are listed.
  const isStored = pack === controller.packs.storedPack || own.some(({ id }) => id === pack);
  const storedPack = isStored ? pack : null;
  const facts = usePackFacts(pack, storedPack !== null);
  const options = facts?.ok ? facts.value.options : null;
  const [chosenTask, setTask] = useState<EvaluationTask | null>(null);
  const read = useLabels(folder, options, chosenTask);
  const task = chosenTask ?? (read?.ok ? read.value.task : null);
  const checked = read?.ok ? read.value.checked : read;
  const missing = checked?.ok ? checked.value.missing : null;
  const [by, setBy] = useState<Judge>('affect-head');
  const judge = task === 'faces' ? by : task === 'scene' ? 'affect-head' : 'language-model';
  const [chosenFoundation, setFoundation] = useState(controller.packs.foundation);
  // One that was deleted since is none to be judged.
  const foundation = foundations.some(({ id }) => id === chosenFoundation) ? chosenFoundation : null;
  const [prompting, setPrompting] = useState<Prompting>('emoprompt');
  const [chosenCropped, setCropped] = useState<boolean | null>(null);
  const looksCropped = useLooksCropped(folder, checked?.ok && !missing ? checked.value.first : null);
  const cropped = chosenCropped ?? looksCropped;
  const [limit, setLimit] = useState('');
  const [backend, setBackend] = useState<BackendChoice>(controller.backend);
  const rows = limit === '' ? null : Number(limit);
  const sound = rows === null || (Number.isInteger(rows) && rows >= 1);
  const start = () => {
    if (!task || !checked?.ok || missing || !sound) return;
    const isAsked = judge === 'language-model';
    onStart({
      task,
      by: judge,
      cropped: task !== 'scene' && cropped,
      limit: rows,
      pack: storedPack === null ? pack : controller.packName,
      packs: { storedPack, foundation: isAsked ? foundation : null },
      prompting: isAsked ? prompting : 'emoprompt',
      backend,
    });
  };
  const problem = facts && !facts.ok ? facts.error : checked && !checked.ok ? checked.error : missing && missingFiles(missing);
  return (
    <section>
      <h3>{text.run}</h3>
      <p className="evaluation-folder">
        <strong>{folder.name}</strong> {checked ? checked.ok && !missing && text.rows(checked.value.rows) : !problem && text.reading}
      </p>
      <div className="evaluation-row">
        <Picker<EvaluationTask | ''>
          label={text.task}
          value={task ?? ''}
          options={EVALUATION_TASKS.map((value) => ({ value, ...text.tasks[value] }))}
          onChange={(value) => value !== '' && setTask(value)}
        />
        {task === 'faces' && (
          <Picker<Judge>
            label={text.by}
            value={by}
            options={[
              { value: 'affect-head', name: text.judges['affect-head'] },
              { value: 'language-model', name: text.judges['language-model'] },
            ]}
            onChange={setBy}
          />
        )}
        {task !== 'scene' && (
          <Picker
            label={text.pictures}
            value={cropped ? 'cropped' : 'whole'}
            options={[
              { value: 'whole', name: text.whole, hint: text.wholeHint },
              { value: 'cropped', name: text.cropped, hint: text.croppedHint },
            ]}
            onChange={(value) => setCropped(value === 'cropped')}
          />
        )}
        {task && judge === 'language-model' && (
          <>
            {foundations.length > 0 && (
              <Picker
                label={text.languageModel}
                value={foundation ?? ''}
                options={[{ value: '', name: text.ownModel }, ...foundations.map(({ id, title }) => ({ value: id, name: title }))]}
                onChange={(id) => setFoundation(id === '' ? null : id)}
              />
            )}
            <Picker
              label={text.prompting}
              value={prompting}
              options={PROMPTINGS.map((value) => ({ value, name: messages.promptings[value] }))}
              onChange={setPrompting}
            />
          </>
        )}
        <LimitField value={limit} sound={sound} onChange={setLimit} />
        <PackField value={pack} names={[controller.packName, ...KNOWN_PACKS, ...own.map(({ id }) => id)]} onChange={setPack} />
        <Picker
          label={messages.backend}
          value={backend}
          options={BACKENDS.map((value) => ({ value, name: messages.backends[value] }))}
          onChange={setBackend}
        />
      </div>
      {options && !task && !problem && <p>{text.taskUnknown}</p>}
      {problem && (
        <div className="notice" role="alert">
          <div className="notice-text">
            <ErrorText error={problem} />
          </div>
        </div>
      )}
      {facts?.ok && (
        <p>
          {text.second(megabytes(facts.value.bytes))} {littleMemory() && text.memoryShort}
        </p>
      )}
      <button type="button" className="button primary" disabled={!task || !checked?.ok || missing !== null || !sound} onClick={start}>
        <Play size={15} aria-hidden="true" /> {text.start}
      </button>
    </section>
  );
}

/** What lies in this browser: foundation packs, and packs of ours that were opened from this device. */
function useStoredPacks(): { foundations: PackEntry[]; own: PackEntry[] } {
  const { packs } = useSession();
  const { entries } = usePacks();
  useEffect(() => void packs.refresh(), [packs]);
  const stored = (entries ?? []).filter(({ state }) => state === 'stored');
  return {
    foundations: stored.filter(({ kind }) => kind === 'foundation'),
    own: stored.filter(({ kind, origin }) => kind === 'own' && origin === 'imported'),
  };
}

function LimitField({ value, sound, onChange }: { value: string; sound: boolean; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <label className="evaluation-field" htmlFor={id}>
      <span>{text.limit}</span>
      <input
        id={id}
        type="text"
        inputMode="numeric"
        size={6}
        placeholder={text.limitHint}
        value={value}
        aria-invalid={!sound}
        onChange={({ target }) => onChange(target.value.trim())}
      />
    </label>
  );
}

function PackField({ value, names, onChange }: { value: string; names: readonly string[]; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <label className="evaluation-field" htmlFor={id} title={text.packHint}>
      <span>{text.pack}</span>
      <input
        id={id}
        type="text"
        size={12}
        list={`${id}-packs`}
        spellCheck={false}
        autoCapitalize="none"
        value={value}
        onChange={({ target }) => onChange(target.value.trim())}
      />
      <datalist id={`${id}-packs`}>
        {[...new Set(names)].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </label>
  );
}

/** Null while it is read, which it is anew for another task. */
function useLabels(folder: LabelledFolder, options: TaskOptions | null, task: EvaluationTask | null): Result<LabelsRead> | null {
  const [read, setRead] = useState<{ of: readonly unknown[]; found: Result<LabelsRead> } | null>(null);
  useEffect(() => {
    let left = false;
    if (options) void readLabels(folder, options, task).then((found) => left || setRead({ of: [folder, options, task], found }));
    return () => {
      left = true;
    };
  }, [folder, options, task]);
  return read && [folder, options, task].every((each, index) => each === read.of[index]) ? read.found : null;
}

/** Null while it is not known. A name is looked up once nothing is typed any more. */
function usePackFacts(pack: string, isStored: boolean): Result<PackFacts> | null {
  const { controller, packs } = useSession();
  const [facts, setFacts] = useState<Result<PackFacts> | null>(null);
  useEffect(() => {
    setFacts(null);
    const left = new AbortController();
    const timer = setTimeout(async () => {
      const name = PACK_NAME.test(pack) ? pack : 'none';
      const stored = isStored ? await packs.manifest(pack) : null;
      const found = !stored
        ? await fetchPackFacts(controller.loadOptions(name).packUrl, left.signal)
        : stored.ok
          ? parsePackFacts(stored.value)
          : stored;
      if (!left.signal.aborted) setFacts(found);
    }, 150);
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [pack, isStored, packs, controller]);
  return facts;
}

/** Whether the first picture is as small and square as face crops are. */
function useLooksCropped(folder: LabelledFolder, file: string | null): boolean {
  const [looks, setLooks] = useState(false);
  useEffect(() => {
    let left = false;
    const look = async (name: string) => {
      const found = await folder.open(name);
      const opened = found.ok ? await openPicture(found.value) : found;
      if (!opened.ok) return;
      const { width, height } = opened.value.original;
      opened.value.close();
      if (!left) setLooks(width === height && width <= CROP_SIDE);
    };
    if (file !== null) void look(file);
    return () => {
      left = true;
    };
  }, [folder, file]);
  return looks;
}

/** Only some browsers tell. */
function littleMemory(): boolean {
  const { deviceMemory } = navigator as { deviceMemory?: number };
  return deviceMemory !== undefined && deviceMemory <= LITTLE_MEMORY;
}

/** How far it is, and the way to end it. */
export function EvaluationRunning({ running, onStop }: { running: Running; onStop: () => void }) {
  const { progress, secondsLeft, stopping } = running;
  const judging = progress?.phase === 'judging';
  const share = !progress ? 0 : judging ? progress.done / progress.total : progress.loadedBytes / Math.max(1, progress.totalBytes);
  const words = stopping
    ? text.stopping
    : judging
      ? text.judging(progress.done, progress.total)
      : progress
        ? loadingWords(progress)
        : text.loading;
  return (
    <section>
      <Progress.Root className="load-bar evaluation-progress" value={Math.round(100 * share)} aria-label={words}>
        <Progress.Indicator className="load-bar-fill" style={{ transform: `scaleX(${share})` }} />
      </Progress.Root>
      <p>
        {words}
        {!stopping && secondsLeft !== null && `, ${text.left(duration(secondsLeft))}`}
      </p>
      <button type="button" className="button" disabled={stopping} onClick={onStop}>
        <Square size={13} aria-hidden="true" fill="currentColor" /> {messages.stop}
      </button>
    </section>
  );
}

function loadingWords({ loadedBytes, totalBytes, again = false }: Extract<EvaluationProgress, { phase: 'loading' }>): string {
  const words = again ? [text.again, text.loading] : [text.loading];
  if (totalBytes > 0) words.push(text.loadingOf(megabytes(loadedBytes), megabytes(totalBytes)));
  return words.join(', ');
}

/** As exact as a guess may be. */
function duration(seconds: number): string {
  if (seconds < 55) return text.seconds(Math.max(1, seconds < 10 ? Math.round(seconds) : Math.round(seconds / 5) * 5));
  if (seconds < 5400) return text.minutes(Math.round(seconds / 60));
  return text.hours((seconds / 3600).toFixed(1));
}
