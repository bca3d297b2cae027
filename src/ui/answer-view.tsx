import { EMOTION_LABELS } from '../shared/labels.ts';
import type { Answer } from '../shared/readings.ts';
import { answerName } from './answer-name.ts';
import { barClip } from './emotion-bars.tsx';
import { EmotionGlyph } from './emotion-glyph.tsx';
import { percent } from './format.ts';
import { messages } from './messages.ts';

/** The answer, and how the options stood. `calibrated`: false where nobody has checked what the shares are worth. */
export function AnswerView({ answer, calibrated = true }: { answer: Answer; calibrated?: boolean }) {
  const emotion = EMOTION_LABELS.find((label) => label === answer.text.trim().toLowerCase());
  const name = answerName(answer.text);
  const options = answer.distribution.toSorted((a, b) => b.probability - a.probability);
  return (
    <div className="answer" data-emotion={emotion}>
      <p className="answer-text">
        {emotion && <EmotionGlyph emotion={emotion} size={24} />}
        <span lang={name === answer.text.trim() ? 'en' : undefined}>{name}</span>
      </p>
      {options.length > 0 && (
        <ul className="distribution" aria-label={messages.distribution}>
          {options.map(({ option, probability }) => (
            <li key={option} data-emotion={EMOTION_LABELS.find((label) => label === option)}>
              <span className="distribution-name">{answerName(option)}</span>
              <span className="bar-track" aria-hidden="true">
                <span className="bar-fill" style={{ clipPath: barClip(probability) }} />
              </span>
              <span className="bar-value">{percent(probability)}</span>
            </li>
          ))}
        </ul>
      )}
      {!calibrated && options.length > 0 && <p className="answer-uncalibrated">{messages.packs.uncalibratedWhy}</p>}
    </div>
  );
}
