import { CircleAlert, Info } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Result } from '../shared/result.ts';
import { CalibrationPlot } from './calibration-plot.tsx';
import { ErrorNotice } from './error-notice.tsx';
import { decimal, percent } from './format.ts';
import { messages } from './messages.ts';
import { fetchModelCard, type ModelCard } from './model-card.ts';
import { ConditionsTable, ConfusionView, FiguresTable } from './model-card-tables.tsx';
import { SelfTestResult } from './self-test-result.tsx';
import { useAppState, useSession } from './session-context.ts';

const text = messages.card;

/** What the pack in use says of itself. With what the self-test found, whatever there is of a card: a note beside the Model line sends its reader here. */
export function PackCard() {
  const { storedPack } = useSession().controller.packs;
  // Another attempt is another mount: nothing of the last one is left over.
  const [attempt, setAttempt] = useState(0);
  return (
    <>
      {storedPack === null ? (
        <FetchedCard key={attempt} onAgain={() => setAttempt(attempt + 1)} />
      ) : (
        <p role="status">{messages.packs.cardOfStored(storedPack)}</p>
      )}
      <SelfTestResult />
    </>
  );
}

function FetchedCard({ onAgain }: { onAgain: () => void }) {
  const { packUrl, packs } = useSession().controller;
  const [card, setCard] = useState<Result<ModelCard> | null>(null);
  useEffect(() => {
    const closed = new AbortController();
    void fetchModelCard(packUrl, closed.signal).then((result) => {
      if (!closed.signal.aborted) setCard(result);
    });
    return () => closed.abort();
  }, [packUrl]);
  const { foundation } = packs;
  if (!card) return <p role="status">{text.reading}</p>;
  if (card.ok) {
    return (
      <>
        {foundation !== null && <p>{messages.packs.cardOfFoundation(foundation)}</p>}
        <CardView card={card.value} />
      </>
    );
  }
  // A pack without a card is nothing to mend.
  if (card.error.code === 'pack-missing') return <p role="status">{card.error.message}</p>;
  return <ErrorNotice error={card.error} action={messages.actions.tryAgain} onAction={onAgain} />;
}

function CardView({ card }: { card: ModelCard }) {
  const { abstention, scene } = card;
  return (
    <>
      {text.writtenInEnglish !== '' && <p>{text.writtenInEnglish}</p>}
      <p>
        <strong>{messages.packLine(card.title, card.version)}</strong> {card.licence}
      </p>
      <OtherBuild measured={card.pack} />
      {card.notFor.length > 0 && (
        <div className="notice card-not-for">
          <CircleAlert size={18} aria-hidden="true" />
          <div className="notice-text">
            <h3>{text.notFor}</h3>
            <Sentences lines={card.notFor} />
          </div>
        </div>
      )}
      <Part title={text.trainedOn} lines={card.trainedOn} />
      <Part title={text.notes} lines={card.notes} />
      {(card.tasks.length > 0 || scene) && (
        <section>
          <h3>{text.figures}</h3>
          {card.tasks.length > 0 && <FiguresTable tasks={card.tasks} />}
          {scene && <p>{text.scene(scene.n, decimal(scene.valence.concordance, 2), decimal(scene.arousal.concordance, 2))}</p>}
        </section>
      )}
      <ConfusionView tasks={card.tasks} />
      {(card.reliability.length > 0 || abstention) && (
        <section>
          <h3>{text.reliability}</h3>
          {card.reliability.length > 0 && <CalibrationPlot points={card.reliability} />}
          {abstention && (
            <p>
              {text.abstention(percent(abstention.threshold), percent(abstention.coverage), percent(abstention.accuracyKept))}{' '}
              {abstention.accuracyAbstained !== null && text.abstained(percent(abstention.accuracyAbstained))}
            </p>
          )}
        </section>
      )}
      <ConditionsTable conditions={card.conditions} />
      <Part title={text.unknown} lines={card.unknown} />
    </>
  );
}

/** Nothing while the pack's own hash is not known yet. */
function OtherBuild({ measured }: { measured: string }) {
  const loaded = useAppState((state) => state.model.info?.packHash ?? measured);
  if (loaded === measured) return null;
  return (
    <p className="card-build">
      <Info size={16} aria-hidden="true" />
      {text.otherBuild}
    </p>
  );
}

function Part({ title, lines }: { title: string; lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <Sentences lines={lines} />
    </section>
  );
}

function Sentences({ lines }: { lines: readonly string[] }) {
  return (
    <ul className="card-list" lang="en">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
