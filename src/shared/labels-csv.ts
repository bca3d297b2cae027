/** labels.csv of an evaluation: which file shows what. Strict: every mistake is told with its line. */
import { type WireError, wireError } from './errors.ts';
import { fail, ok, type Result } from './result.ts';

export interface LabelRow {
  /** Line of labels.csv, from 1, where the row begins. */
  line: number;
  /** Path of the picture, relative to the folder. */
  file: string;
  label: string;
  /** Words on the picture; null where the file has no such column. */
  text: string | null;
}

export interface AffectRow {
  line: number;
  file: string;
  /** [-1, 1] each. */
  valence: number;
  arousal: number;
}

const LABEL_COLUMNS = [
  ['file', 'label'],
  ['file', 'label', 'text'],
];

/** Columns `file,label` or `file,label,text`. */
export function parseLabels(csv: string): Result<LabelRow[]> {
  return readTable(csv, LABEL_COLUMNS, (line, [file = '', label = '', text]) =>
    label === '' ? fail(invalid(line, 'the label is empty.')) : ok({ line, file, label, text: text ?? null }),
  );
}

/** Columns `file,valence,arousal`. */
export function parseAffectLabels(csv: string): Result<AffectRow[]> {
  return readTable(csv, [['file', 'valence', 'arousal']], (line, [file = '', ...texts]) => {
    const [valence = Number.NaN, arousal = Number.NaN] = texts.map((text) => (text.trim() === '' ? Number.NaN : Number(text)));
    const wrong = [valence, arousal].findIndex((number) => !(number >= -1 && number <= 1));
    if (wrong < 0) return ok({ line, file, valence, arousal });
    return fail(
      invalid(line, `${wrong === 0 ? 'valence' : 'arousal'} must be a number from -1 to 1, got "${clipped(texts[wrong] ?? '')}".`),
    );
  });
}

/** A failure that names the line. */
export const invalid = (line: number, what: string) =>
  wireError('labels-invalid', `labels.csv, line ${line}: ${what}`, 'Correct that line and run again.');

/**
 * The table's text. UTF-8, or UTF-16 where it says so by its first two bytes, as spreadsheets write it. Any other encoding is refused with the
 * first line that shows it, since a letter that is read wrong is a file that is not found.
 */
export function decodeLabels(bytes: Uint8Array): Result<string> {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return ok(new TextDecoder('utf-16le').decode(bytes));
  if (first === 0xfe && second === 0xff) return ok(new TextDecoder('utf-16be').decode(bytes));
  try {
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    const text = new TextDecoder('utf-8').decode(bytes);
    const line = text.slice(0, text.indexOf('\uFFFD')).split('\n').length;
    const wrong = invalid(line, 'this is not UTF-8 text.');
    return fail(wireError('labels-invalid', wrong.message, 'Save labels.csv as UTF-8 and run again.'));
  }
}

/** No table has as many columns. */
const MAX_FIELDS = 50;
/** Of what is quoted in a message. */
const MAX_QUOTED = 80;

const clipped = (text: string): string => (text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);

/** Rows below the header, all as wide as it; file names checked. */
function readTable<R>(
  csv: string,
  headers: readonly (readonly string[])[],
  rowOf: (line: number, fields: readonly string[]) => Result<R>,
): Result<R[]> {
  let header: readonly string[] | null = null;
  const rows: R[] = [];
  const seen = new Map<string, number>();
  for (const next of csvRows(csv)) {
    if (!next.ok) return next;
    const { line, fields } = next.value;
    if (!header) {
      header =
        headers.find((names) => names.length === fields.length && names.every((name, index) => name === fields[index]?.trim())) ?? null;
      if (!header) return fail(wrongColumns(line, headers, fields));
      continue;
    }
    const problem = problemOf(line, fields, header, seen);
    if (problem) return fail(problem);
    seen.set(fields[0] ?? '', line);
    const row = rowOf(line, fields);
    if (!row.ok) return row;
    rows.push(row.value);
  }
  if (!header) return fail(wrongColumns(1, headers, []));
  return rows.length === 0 ? fail(invalid(2, 'there are no rows below the header.')) : ok(rows);
}

function wrongColumns(line: number, headers: readonly (readonly string[])[], got: readonly string[]) {
  const forms = headers.map((names) => `"${names.join(',')}"`).join(' or ');
  return invalid(line, `the columns must be ${forms}, got "${clipped(got.join(','))}".`);
}

function problemOf(
  line: number,
  fields: readonly string[],
  header: readonly string[],
  seen: ReadonlyMap<string, number>,
): WireError | null {
  if (fields.length !== header.length)
    return invalid(line, `expected ${header.length} fields (${header.join(',')}), got ${fields.length}.`);
  const [file = ''] = fields;
  if (file === '') return invalid(line, 'the file name is empty.');
  if (/^([/\\]|[A-Za-z]:)/.test(file) || file.split(/[/\\]/).includes('..')) {
    return invalid(line, `"${clipped(file)}" is not inside the folder: paths must be relative to labels.csv.`);
  }
  const before = seen.get(file);
  return before === undefined ? null : invalid(line, `"${clipped(file)}" is already on line ${before}.`);
}

/** RFC 4180: fields in double quotes may hold commas, newlines and doubled quotes. Empty lines are skipped. After a mistake comes nothing more. */
function* csvRows(csv: string): Generator<Result<{ line: number; fields: string[] }>> {
  const plainField = /[^",\r\n]*/y;
  let line = 1;
  let start = 1;
  let fields: string[] = [];
  let at = csv.startsWith('\uFEFF') ? 1 : 0;
  for (;;) {
    let field: string;
    if (csv[at] === '"') {
      const pieces: string[] = [];
      let from = at + 1;
      for (;;) {
        const quote = csv.indexOf('"', from);
        if (quote < 0) return yield fail(invalid(start, 'a double quote is not closed.'));
        const piece = csv.slice(from, quote);
        pieces.push(piece);
        line += newlinesIn(piece);
        from = quote + 1;
        if (csv[from] !== '"') break;
        pieces.push('"');
        from += 1;
      }
      field = pieces.join('');
      at = from;
      const after = csv[at];
      if (after !== undefined && after !== ',' && after !== '\n' && after !== '\r') {
        return yield fail(invalid(line, 'after a closing double quote there must be a comma or the end of the line.'));
      }
    } else {
      plainField.lastIndex = at;
      field = plainField.exec(csv)?.[0] ?? '';
      at += field.length;
      if (csv[at] === '"') return yield fail(invalid(line, 'a double quote stands inside a field that does not begin with one.'));
    }
    fields.push(field);
    if (csv[at] === ',') {
      if (fields.length > MAX_FIELDS) return yield fail(invalid(start, `there are more than ${MAX_FIELDS} fields.`));
      at += 1;
      continue;
    }
    // Empty lines count as lines and as nothing else.
    if (fields.length > 1 || field !== '') yield ok({ line: start, fields });
    if (at >= csv.length) return;
    at += csv[at] === '\r' && csv[at + 1] === '\n' ? 2 : 1;
    line += 1;
    start = line;
    fields = [];
  }
}

function newlinesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
