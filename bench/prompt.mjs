/** The peers' prompt: ours in words, with as many tokens. */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PACK } from './places.mjs';

/** One token each, also side by side. */
const FILLER = ' face';

/**
 * Our prompt holds image embeddings, which the peers cannot take: as many words stand in their place.
 * @param {string} body what our engine asks, in words
 * @param {number} promptTokens of our prompt, image included
 */
export async function peerPrompt(body, promptTokens) {
  const { AutoTokenizer, env } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  env.localModelPath = dirname(PACK);
  const tokenizer = await AutoTokenizer.from_pretrained(basename(PACK));
  /** @type {string} */
  const template = JSON.parse(readFileSync(join(PACK, 'manifest.json'), 'utf8')).prompt.template;
  const withWords = (/** @type {number} */ count) => template.replace('{image}', FILLER.repeat(count)).replace('{body}', () => body);
  const length = (/** @type {string} */ text) => tokenizer.encode(text, { add_special_tokens: false }).length;
  let prompt = withWords(0);
  for (let count = 1; length(prompt) < promptTokens; count += 1) prompt = withWords(count);
  return { prompt, tokens: length(prompt) };
}
