/** `1:02:03.5`, `90` or `1:30` → seconds; null where it is none. */
export function parseClock(text: string): number | null {
  const match = /^(?:(?:(\d+):)?([0-5]?\d):)?(\d+(?:[.,]\d+)?)$/.exec(text.trim());
  if (!match) return null;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  const s = Number(seconds.replace(',', '.'));
  // Beside minutes, seconds end at a minute.
  if (match[2] !== undefined && s >= 60) return null;
  return Number(hours) * 3600 + Number(minutes) * 60 + s;
}
