import { CircleSlash, Download, LoaderCircle, Play, Scale, Square } from 'lucide-react';
import { Progress } from 'radix-ui';
import { useEffect, useState } from 'react';
import { comparisonCsv, comparisonJson } from '../export/comparison.ts';
import { isCalibrated } from '../export/session.ts';
import { PROMPTINGS, type Prompting, STEPS, TASKS, type Task } from '../shared/labels.ts';
import type { PackEntry } from '../shared/packs.ts';
import { VERSION } from '../shared/version.ts';
import { isOpen } from './analysis-state.ts';
import { answerName } from './answer-name.ts';
import { AnswerView } from './answer-view.tsx';
import { backendName, foundationPrecision } from './backend-name.ts';
import { compareAnswers } from './compare-answers.ts';
import { comparedPicture } from './compared-picture.ts';
import { DialogFrame } from './dialog-frame.tsx';
import { ErrorText } from './error-text.tsx';
import { clock, decimal, megabytes, percent } from './format.ts';
import type { FrozenFrame } from './frozen-frame.ts';
import { messages } from './messages.ts';
import { ScrolledTable } from './model-card-tables.tsx';
import { OWN_PACK, type PackChoice } from './pack-choice.ts';
import { type ComparingState, type Side, type SideOutcome, samePacks } from './pack-comparison.ts';
import { Picker } from './picker.tsx';
import { saveFile } from './save-file.ts';
import { useAppState, useComparing, usePacks, useSession } from './session-context.ts';
import { SwitchSetting } from './switch-line.tsx';
import './pack-comparison.css';

const text = messages.compare;

/** Two packs on what stands on the stage: choice, both answers beside each other, figures. */
export function PackComparisonDialog() {
  const { comparison } = useSession();
  const state = useComparing();
  return (
    <DialogFrame name={text.name} open={state.open} onOpenChange={(open) => (open ? void comparison.open() : comparison.close())}>
      <p>{text.hint}</p>
      {state.frame ? <Comparison state={state} frame={state.frame} /> : <p role="status">{text.nothing}</p>}
    </DialogFrame>
  );
}

interface PackOption {
  value: string;
  name: string;
  packs: PackChoice;
  /** As the pack states it, in bytes. */
  memoryBytes: number | null;
}

/** What can be compared: the page's own, and what lies in this browser. */
function usePackOptions(): PackOption[] {
  const { packs, controller } = useSession();
  const { entries } = usePacks();
  useEffect(() => void packs.refresh(), [packs]);
  const own: PackOption = { value: 'own', name: `${text.own} (${controller.packName})`, packs: OWN_PACK, memoryBytes: null };
  const stored = (entries ?? []).flatMap((entry) => optionOf(entry, controller.packName) ?? []);
  return [own, ...stored];
}

function optionOf({ id, kind, title, state, memoryBytes, cannotRun }: PackEntry, own: string): PackOption | null {
  if (state !== 'stored' || id === own || cannotRun) return null;
  const packs = kind === 'foundation' ? { foundation: id, storedPack: null } : { foundation: null, storedPack: id };
  return { value: id, name: title, packs, memoryBytes };
}

function Comparison({ state, frame }: { state: ComparingState; frame: FrozenFrame }) {
  const { comparison, controller } = useSession();
  const options = usePackOptions();
  const firstTask = useAppState((app) => app.task);
  const [task, setTask] = useState<Task>(firstTask);
  const [names, setNames] = useState<readonly [string, string] | null>(null);
  const [chosenPromptings, setPromptings] = useState<readonly [Prompting, Prompting] | null>(null);
  const [a, b] = names ?? defaultNames(options, controller.packs);
  // One pack with itself, asked alike, would be no comparison.
  const promptings: readonly [Prompting, Prompting] = chosenPromptings ?? ['emoprompt', a === b ? 'plain' : 'emoprompt'];
  const optionOfName = (name: string) => options.find(({ value }) => value === name) ?? options[0];
  const chosen = [optionOfName(a), optionOfName(b)] as const;
  const sides = ([0, 1] as const).map((at): Side => ({ packs: chosen[at]?.packs ?? OWN_PACK, prompting: promptings[at] }));
  const [first, second] = sides;
  const [measures, setMeasures] = useState(false);
  const start = () => first && second && void comparison.start([first, second], task, measures);
  const { running, outcomes } = state;
  const done = outcomes[0] !== null && !running;
  return (
    <>
      <div className="compare-frame">
        {frame.preview && <img src={frame.preview} alt="" draggable={false} />}
        <span>{frame.kind === 'picture' ? frame.name : text.at(frame.name, clock(frame.time))}</span>
      </div>
      <fieldset className="compare-choices" disabled={running !== null}>
        <Picker
          label={messages.task}
          value={task}
          options={TASKS.map((each) => ({ value: each, ...messages.tasks[each] }))}
          onChange={setTask}
        />
        {([0, 1] as const).map((at) => {
          const side = text.sides[at];
          const set = <T,>(pair: readonly [T, T], value: T): readonly [T, T] => (at === 0 ? [value, pair[1]] : [pair[0], value]);
          return (
            <div className="compare-row" key={side}>
              <Picker
                label={text.pack(side)}
                value={at === 0 ? a : b}
                options={options.map(({ value, name }) => ({ value, name }))}
                onChange={(value) => setNames(set([a, b], value))}
              />
              <Picker
                label={text.prompting(side)}
                value={promptings[at]}
                options={PROMPTINGS.map((value) => ({ value, name: messages.promptings[value] }))}
                onChange={(value) => setPromptings(set(promptings, value))}
              />
            </div>
          );
        })}
        <SwitchSetting label={text.measure} hint={text.measureHint} checked={measures} onChange={setMeasures} />
      </fieldset>
      {running ? (
        <Running running={running} onStop={() => comparison.stop()} />
      ) : (
        <button type="button" className="button primary compare-start" onClick={start}>
          <Play size={15} aria-hidden="true" /> {done ? text.again : text.start}
        </button>
      )}
      {(outcomes[0] || running) && (
        <>
          {!running && <Verdict outcomes={outcomes} />}
          <div className="compare-sides">
            {([0, 1] as const).map((at) => (
              <SideView key={text.sides[at]} name={text.sides[at]} outcome={outcomes[at]} waits={at === 1 && running?.at === 0} />
            ))}
          </div>
        </>
      )}
      {done && outcomes[0] && (
        <>
          <Figures state={state} options={options} />
          <Exports state={state} frame={frame} />
        </>
      )}
    </>
  );
}

/** What is in use against the page's own; where nothing else is here, the page's own against itself. */
function defaultNames(options: readonly PackOption[], inUse: PackChoice): readonly [string, string] {
  const other = options.find(({ packs }) => samePacks(packs, inUse) && !samePacks(packs, OWN_PACK)) ?? options[1];
  return ['own', other?.value ?? 'own'];
}

function Running({ running, onStop }: { running: NonNullable<ComparingState['running']>; onStop: () => void }) {
  const { at, phase, loadedBytes, totalBytes } = running;
  const side = text.sides[at];
  const bytes = phase === 'loading' && totalBytes > 0 ? messages.bytesOf(megabytes(loadedBytes), megabytes(totalBytes)) : '';
  const words = { loading: text.loading, answering: text.answering, measuring: text.measuring }[phase](side);
  const share = phase === 'loading' ? loadedBytes / Math.max(1, totalBytes) : 1;
  return (
    <div className="compare-running">
      <Progress.Root className="load-bar compare-progress" value={Math.round(100 * share)} aria-label={words}>
        <Progress.Indicator className="load-bar-fill" style={{ transform: `scaleX(${share})` }} />
      </Progress.Root>
      <p>
        <span role="status">{words}</span>
        {bytes !== '' && `, ${bytes}`}
      </p>
      <button type="button" className="button" onClick={onStop}>
        <Square size={13} aria-hidden="true" fill="currentColor" /> {text.stop}
      </button>
    </div>
  );
}

/** Whether they agree, in a line. */
function Verdict({ outcomes: [a, b] }: { outcomes: ComparingState['outcomes'] }) {
  if (!a?.run.answer || !b?.run.answer) return null;
  const { same, farthest: apart } = compareAnswers(a.run.answer, b.run.answer);
  // What no reader could tell apart is no difference.
  const farthest = apart && percent(apart.a) !== percent(apart.b) ? apart : null;
  const [one, other] = [answerName(a.run.answer.text), answerName(b.run.answer.text)];
  const words = [same ? text.same(one) : text.differ(one, other)];
  if (farthest) words.push(text.farthest(answerName(farthest.option), percent(farthest.a), percent(farthest.b)));
  if (farthest && isCalibrated(a.run) !== isCalibrated(b.run)) words.push(text.sharesUnalike);
  return (
    <p className="compare-verdict" role="status">
      <Scale size={16} aria-hidden="true" /> {words.join(' ')}
    </p>
  );
}

function SideView({ name, outcome, waits }: { name: string; outcome: SideOutcome | null; waits: boolean }) {
  const run = outcome?.run;
  return (
    <section className="compare-side" aria-label={text.pack(name)}>
      <h3>
        {name}
        {outcome?.run.madeBy && <small>{modelName(outcome)}</small>}
      </h3>
      {!run && waits && <p>{text.waiting}</p>}
      {run &&
        STEPS.map((step) => {
          const isAnswer = step === 'answer' && run.answer !== null;
          if (run.steps[step].trim() === '' && !isAnswer) return null;
          return (
            <div className="compare-step" key={step}>
              <h4>{messages.steps[step]}</h4>
              {isAnswer && run.answer ? (
                <AnswerView answer={run.answer} calibrated={isCalibrated(run)} />
              ) : (
                <p lang="en">{run.steps[step].trim()}</p>
              )}
            </div>
          );
        })}
      {run && isOpen(run) && (
        <p className="waiting">
          <LoaderCircle className="spin" size={15} aria-hidden="true" /> {messages.looking}
        </p>
      )}
      {run?.phase === 'stopped' && (
        <p className="stopped">
          <CircleSlash size={15} aria-hidden="true" /> {text.stopped}
        </p>
      )}
      {run?.error && (
        <div className="notice" role="alert">
          <div className="notice-text">
            <ErrorText error={run.error} />
            {run.error.detail && (
              <details>
                <summary>{messages.errorDetail}</summary>
                <code>{run.error.detail}</code>
              </details>
            )}
          </div>
        </div>
      )}
    </section>
  );
}

function modelName({ run, side }: SideOutcome): string {
  const { madeBy } = run;
  const name = madeBy?.foundation?.id ?? (madeBy ? messages.packLine(madeBy.packId, madeBy.packVersion) : '');
  return [name, messages.promptings[side.prompting]].join(' · ');
}

function Figures({ state: { outcomes, measures }, options }: { state: ComparingState; options: readonly PackOption[] }) {
  const of = (tell: (outcome: SideOutcome) => string | null): [string, string] => {
    const [a, b] = outcomes.map((outcome) => (outcome && tell(outcome)) ?? text.unknown);
    return [a ?? text.unknown, b ?? text.unknown];
  };
  const stated = ({ side }: SideOutcome) => options.find(({ packs }) => samePacks(packs, side.packs))?.memoryBytes ?? null;
  const bytes = (n: number | null) => (n === null ? null : text.memoryOf(megabytes(n)));
  const rows: [string, [string, string]][] = [
    [text.seconds, of(({ seconds }) => (seconds === null ? null : text.secondsOf(decimal(seconds, 1))))],
    [text.prompt, of(({ run }) => (run.promptTokens > 0 ? text.promptOf(run.promptTokens) : null))],
    [text.prefill, of(({ run }) => (run.times.prefill === undefined ? null : text.millisecondsOf(decimal(run.times.prefill, 0))))],
    // An answer alone is chosen among the options: nothing is written.
    [text.decode, of(({ run }) => (run.tokensPerSecond ? messages.tokensPerSecond(run.tokensPerSecond) : null))],
    [
      text.loaded,
      of(({ loadSeconds, run }) => (loadSeconds !== null ? text.secondsOf(decimal(loadSeconds, 1)) : run.error ? null : text.wasLoaded)),
    ],
    [text.files, of(({ filesBytes }) => bytes(filesBytes))],
    [text.memory, of(({ memoryBytes, seconds }) => bytes(memoryBytes) ?? (measures && seconds !== null ? text.memoryNotTold : null))],
    [text.memoryStated, of((outcome) => bytes(stated(outcome)))],
    [text.precision, of(precisionOf)],
  ];
  const known = rows.filter(([, values]) => values.some((value) => value !== text.unknown));
  return (
    <section>
      <h3>{text.figures}</h3>
      <ScrolledTable label={text.figures} columns={[text.figure, ...text.sides]}>
        <tbody>
          {known.map(([name, [a, b]]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{a}</td>
              <td>{b}</td>
            </tr>
          ))}
        </tbody>
      </ScrolledTable>
      <p>{text.once}</p>
    </section>
  );
}

/** Backend and dtypes of what wrote the text. */
function precisionOf({ info }: SideOutcome): string | null {
  if (!info) return null;
  const { foundation, graphs } = info;
  if (foundation) return foundationPrecision(foundation);
  const graph = graphs.find((each) => each.graph === 'language-model');
  return graph ? `${backendName(graph.backend)} ${graph.dtype}` : null;
}

function Exports({ state, frame }: { state: ComparingState; frame: FrozenFrame }) {
  const told = () => comparedPicture(state, frame, VERSION);
  const name = `emollm-comparison-${state.task}`;
  return (
    <div className="compare-row">
      <button
        type="button"
        className="button"
        onClick={() => saveFile(comparisonJson(told(), new Date()), `${name}.json`, 'application/json')}
      >
        <Download size={16} aria-hidden="true" /> {text.exportJson}
      </button>
      <button type="button" className="button" onClick={() => saveFile(comparisonCsv(told()), `${name}.csv`, 'text/csv')}>
        <Download size={16} aria-hidden="true" /> {text.exportCsv}
      </button>
    </div>
  );
}
