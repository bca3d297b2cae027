/** 0.914 → `91%`, with one digit `91.4%`. */
export function percent(value: number, digits = 0): string {
  return `${(value * 100).toFixed(digits)}%`;
}

/** Signed, two decimals, with a true minus: 0.7 → `+0.70`, and `0.00` without a sign. */
export function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  if (text === '0.00') return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** Bytes as whole megabytes (10⁶), one decimal below ten. */
export function megabytes(bytes: number): string {
  const mb = bytes / 1e6;
  return mb > 0 && mb < 9.95 ? mb.toFixed(1) : mb.toFixed(0);
}

/** Seconds as `m:ss.t`, hours where there are some. */
export function clock(seconds: number): string {
  const tenths = Math.round(Math.max(0, seconds) * 10);
  const whole = Math.floor(tenths / 10);
  const s = String(whole % 60).padStart(2, '0');
  const m = Math.floor(whole / 60) % 60;
  const h = Math.floor(whole / 3600);
  const tail = `${s}.${tenths % 10}`;
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${tail}` : `${m}:${tail}`;
}
