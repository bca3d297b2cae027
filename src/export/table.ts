/** Rows of cells as text that a spreadsheet opens without running any of it. */

export type Cell = string | number | null;

/**
 * Spreadsheets run a text cell that begins like a formula (OWASP, CSV injection; the full-width signs count in
 * some locales): a leading apostrophe makes it text.
 */
function safeText(text: string): string {
  return /^[=+\-@＝＋－＠\t\r\n]/.test(text) ? `'${text}` : text;
}

/** To eight significant digits; empty where it is not a number. */
export function numberText(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(8))) : '';
}

function csvCell(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return numberText(value);
  const text = safeText(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Comma-separated (RFC 4180: CRLF, quotes doubled). What is missing is empty. */
export function csvTable(header: readonly string[], rows: readonly Cell[][]): string {
  return [header, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

function tsvCell(value: Cell, missing: string): string {
  const text = typeof value === 'number' ? numberText(value) : safeText((value ?? '').replaceAll(/\s+/g, ' ').trim());
  if (text === '') return missing;
  // Readers take a quote for one of theirs only where the cell begins with it.
  return text.startsWith('"') ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Tab-separated, a line a row. Tabs and line breaks inside a cell become spaces.
 * @param header null: no header line
 * @param missing what stands where there is no value
 */
export function tsvTable(header: readonly string[] | null, rows: readonly Cell[][], missing: string): string {
  const lines = header === null ? rows : [[...header], ...rows];
  return lines.map((row) => `${row.map((value) => tsvCell(value, missing)).join('\t')}\n`).join('');
}
