/**
 * Which of the eight emotion classes a free answer speaks of. Pure; knows English words only.
 *
 * The words are the clusters of Shaver, Schwartz, Kirson & O'Connor, "Emotion knowledge: further exploration of a prototype
 * approach", Journal of Personality and Social Psychology 52(6), 1987, with their adjectives. Theirs are six: love is taken
 * with happiness, and of anger's words those of disgust and of contempt are classes of their own here. Neutral's are ours.
 */
import type { EmotionLabel } from '../shared/labels.ts';

/** Words and phrases by class; a phrase's words are parted by one space. */
export const EMOTION_WORDS: Record<EmotionLabel, readonly string[]> = {
  neutral: 'neutral, neutrality, calm, calmness, composure, composed, rest, even, no strong feeling, no feeling, indifference'.split(', '),
  happiness: (
    'happiness, happy, joy, joyful, amusement, amused, bliss, cheerfulness, cheerful, gaiety, glee, jolliness, joviality, delight, ' +
    'delighted, enjoyment, gladness, glad, jubilation, elation, elated, satisfaction, ecstasy, euphoria, enthusiasm, zeal, zest, ' +
    'excitement, excited, thrill, exhilaration, contentment, content, pleasure, pleased, pride, proud, triumph, eagerness, hope, ' +
    'optimism, enthrallment, rapture, relief, good spirits, adoration, affection, love, fondness, liking, attraction, caring, ' +
    'tenderness, compassion, sentimentality, desire, lust, passion, infatuation, longing'
  ).split(', '),
  surprise: 'surprise, surprised, amazement, amazed, astonishment, astonished'.split(', '),
  sadness: (
    'sadness, sad, agony, suffering, hurt, anguish, depression, despair, hopelessness, gloom, gloomy, glumness, unhappiness, unhappy, ' +
    'grief, sorrow, woe, misery, melancholy, dismay, disappointment, disappointed, displeasure, guilt, shame, regret, remorse, ' +
    'alienation, isolation, neglect, loneliness, lonely, homesickness, defeat, dejection, dejected, low spirits, insecurity, ' +
    'embarrassment, humiliation, pity, sympathy'
  ).split(', '),
  anger: (
    'anger, angry, aggravation, irritation, irritated, agitation, annoyance, annoyed, grouchiness, grumpiness, exasperation, ' +
    'frustration, frustrated, rage, outrage, fury, furious, wrath, hostility, ferocity, bitterness, hate, loathing, spite, ' +
    'vengefulness, dislike, resentment, envy, jealousy, torment'
  ).split(', '),
  disgust: 'disgust, disgusted, revulsion, distaste, aversion'.split(', '),
  fear: (
    'fear, afraid, fearful, alarm, alarmed, shock, fright, frightened, horror, terror, terrified, panic, hysteria, mortification, ' +
    'anxiety, anxious, nervousness, nervous, tenseness, uneasiness, apprehension, worry, worried, distress, dread'
  ).split(', '),
  contempt: 'contempt, contemptuous, scorn, disdain, mockery'.split(', '),
};

const CLASS_OF = new Map(
  (Object.entries(EMOTION_WORDS) as [EmotionLabel, readonly string[]][]).flatMap(([label, words]) => words.map((word) => [word, label])),
);
const LONGEST = Math.max(...[...CLASS_OF.keys()].map((word) => word.split(' ').length));

/** The class of the first emotion word in `text`, a phrase before its parts; null where no word is known. */
export function emotionOfWords(text: string): EmotionLabel | null {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  for (const start of words.keys()) {
    for (let length = LONGEST; length > 0; length--) {
      const label = CLASS_OF.get(words.slice(start, start + length).join(' '));
      if (label) return label;
    }
  }
  return null;
}
