/** IEEE 754 half precision. */

let table: Float32Array | null = null;

/** Little-endian halves to floats: millions of scales are read at load, so each of the 65,536 is computed once. */
export function halvesToFloats(bytes: Uint8Array): Float32Array {
  table ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => halfToFloat(bits));
  const floats = new Float32Array(bytes.length >> 1);
  for (let index = 0; index < floats.length; index += 1) {
    floats[index] = table[(bytes[2 * index] as number) | ((bytes[2 * index + 1] as number) << 8)] as number;
  }
  return floats;
}

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
