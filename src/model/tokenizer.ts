/**
 * Text ↔ ids, by @huggingface/transformers, which is fetched only when a language model is
 * loaded. Everything comes from the pack's two files: nothing is asked of a network.
 */
import { wireError } from '../shared/errors.ts';
import { EngineFailure } from './graph.ts';

export interface Tokenizer {
  /** Ids of a text as it stands, without added markers; markers in it become their special ids. */
  encode(text: string): number[];
  /** Text of ids, without special tokens. A cut character comes out as U+FFFD. */
  decode(ids: readonly number[]): string;
  /** A decoder for one text that grows. */
  stream(): TextStream;
}

/** Turns ids, one at a time, into text deltas; the bytes of a character come out when it is whole, or never. */
export interface TextStream {
  push(id: number): string;
}

/**
 * @param tokenizerFile bytes of tokenizer.json.
 * @param configFile bytes of tokenizer_config.json.
 * @throws EngineFailure (`pack-corrupt`) where the files are not a tokenizer's.
 */
export async function createTokenizer(tokenizerFile: Uint8Array, configFile: Uint8Array): Promise<Tokenizer> {
  const { PreTrainedTokenizer, env } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  try {
    const tokenizer = new PreTrainedTokenizer(parseObject(tokenizerFile), parseObject(configFile));
    const decode = (ids: readonly number[]): string =>
      ids.length === 0 ? '' : tokenizer.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
    return {
      encode: (text) => (text === '' ? [] : tokenizer.encode(text, { add_special_tokens: false })),
      decode,
      stream: () => createTextStream(decode),
    };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new EngineFailure(
      wireError('pack-corrupt', 'The pack’s tokenizer cannot be used.', 'Get the pack again from where it came.', detail),
    );
  }
}

/** Decoders write U+FFFD for bytes that are no character: those of a cut one are still to come, or are noise. */
export function createTextStream(decode: (ids: readonly number[]) => string): TextStream {
  const ids: number[] = [];
  let given = 0;
  return {
    push(id) {
      ids.push(id);
      const whole = decode(ids).replaceAll('\uFFFD', '');
      const delta = whole.slice(given);
      given = Math.max(given, whole.length);
      return delta;
    },
  };
}

function parseObject(bytes: Uint8Array): object {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (typeof value !== 'object' || value === null) throw new TypeError('not a JSON object');
  return value;
}
