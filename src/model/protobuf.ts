/** As much of protobuf's wire format as ONNX files take: fields written, read, and replaced. Knows no message by name. */

/** A field's number, and an integer, a text or a message. */
export type Field = [number: number, value: number | string | Uint8Array];

export function message(...fields: Field[]): Uint8Array {
  const utf8 = new TextEncoder();
  return joined(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number') return [Uint8Array.from([...varint(number << 3), ...varint(value)])];
      const payload = typeof value === 'string' ? utf8.encode(value) : value;
      return [Uint8Array.from([...varint((number << 3) | 2), ...varint(payload.length)]), payload];
    }),
  );
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

export interface RawField {
  number: number;
  /** With its tag. */
  whole: Uint8Array;
  /** Of a text or message; else empty. */
  payload: Uint8Array;
  /** Of an integer; else 0. */
  value: number;
}

/** Messages of that number replaced, everything else as it was. */
export function mapField(bytes: Uint8Array, number: number, change: (payload: Uint8Array) => Uint8Array): Uint8Array {
  return joined(
    [...fieldsOf(bytes)].flatMap((field) => {
      if (field.number !== number) return [field.whole];
      const changed = change(field.payload);
      return changed === field.payload
        ? [field.whole]
        : [Uint8Array.from([...varint((number << 3) | 2), ...varint(changed.length)]), changed];
    }),
  );
}

/** @throws RangeError where the bytes are no message */
export function* fieldsOf(bytes: Uint8Array): Generator<RawField> {
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 10; shift += 1) {
      const byte = bytes[at];
      if (byte === undefined) break;
      at += 1;
      value += (byte % 128) * 128 ** shift;
      if (byte < 128) return value;
    }
    throw new RangeError('no integer');
  };
  const none = new Uint8Array(0);
  while (at < bytes.length) {
    const start = at;
    const tag = readVarint();
    const number = Math.floor(tag / 8);
    let payload: Uint8Array = none;
    let value = 0;
    switch (tag % 8) {
      case 0:
        value = readVarint();
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = readVarint();
        payload = bytes.subarray(at, at + length);
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        throw new RangeError('no such kind of field');
    }
    if (at > bytes.length) throw new RangeError('cut off');
    yield { number, whole: bytes.subarray(start, at), payload, value };
  }
}

/** A message's integers of that number: one a field, or all in one. */
export function integersOf(fields: readonly RawField[], number: number): number[] {
  return fields.flatMap((field) => {
    if (field.number !== number) return [];
    if (field.payload.length === 0) return [field.value];
    const packed: number[] = [];
    let value = 0;
    let scale = 1;
    for (const byte of field.payload) {
      value += (byte % 128) * scale;
      scale *= 128;
      if (byte >= 128) continue;
      packed.push(value);
      value = 0;
      scale = 1;
    }
    return packed;
  });
}

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
