import { currentLanguage, type Language } from './language.ts';

const formats = new Map<string, Intl.NumberFormat>();

/** With exactly so many digits behind the point, or the comma where the language of the page has one. For reading: exports have their own. */
export function decimal(value: number, digits: number, language: Language = currentLanguage()): string {
  const key = `${language} ${digits}`;
  const format =
    formats.get(key) ??
    new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
  formats.set(key, format);
  return format.format(value);
}

/** 0.914 → `91%`, with one digit `91.4%`; in German `91,4 %`, the space unbreakable. */
export function percent(value: number, digits = 0): string {
  return `${decimal(value * 100, digits)}${currentLanguage() === 'de' ? '\u00a0%' : '%'}`;
}

/** Signed, two decimals, with a true minus: 0.7 → `+0.70`, and `0.00` without a sign. */
export function signed(value: number): string {
  const text = decimal(Math.abs(value), 2);
  if (!/[1-9]/.test(text)) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** Bytes as whole megabytes (10⁶), one decimal below ten. */
export function megabytes(bytes: number): string {
  const mb = bytes / 1e6;
  return decimal(mb, mb > 0 && mb < 9.95 ? 1 : 0);
}

/** Seconds as `m:ss.t`, hours where there are some; the same in every language, as in the exports. */
export function clock(seconds: number): string {
  const tenths = Math.round(Math.max(0, seconds) * 10);
  const whole = Math.floor(tenths / 10);
  const s = String(whole % 60).padStart(2, '0');
  const m = Math.floor(whole / 60) % 60;
  const h = Math.floor(whole / 3600);
  const tail = `${s}.${tenths % 10}`;
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${tail}` : `${m}:${tail}`;
}
