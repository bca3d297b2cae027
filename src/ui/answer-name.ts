import { EMOTION_LABELS } from '../shared/labels.ts';
import { messages } from './messages.ts';

/** An answer, or an option of it, in the language of the page; free text stays as the model wrote it. */
export function answerName(option: string): string {
  const name = option.trim();
  const emotion = EMOTION_LABELS.find((label) => label === name.toLowerCase());
  return emotion ? messages.emotions[emotion] : (messages.options[name.toLowerCase()] ?? name);
}
