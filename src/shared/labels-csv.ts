/** labels.csv of an evaluation: which file shows what. Strict: every mistake is told with its line. */
import { wireError } from './errors.ts';
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

/** Columns `file,label` or `file,label,text`. */
export function parseLabels(csv: string): Result<LabelRow[]> {
  const table = parseTable(csv, [
    ['file', 'label'],
    ['file', 'label', 'text'],
  ]);
  if (!table.ok) return table;
  const rows: LabelRow[] = [];
  for (const { line, fields } of table.value) {
    const [file = '', label = '', text] = fields;
    if (label === '') return fail(invalid(line, 'the label is empty.'));
    rows.push({ line, file, label, text: text ?? null });
  }
  return ok(rows);
}

/** Columns `file,valence,arousal`. */
export function parseAffectLabels(csv: string): Result<AffectRow[]> {
  const table = parseTable(csv, [['file', 'valence', 'arousal']]);
  if (!table.ok) return table;
  const rows: AffectRow[] = [];
  for (const { line, fields } of table.value) {
    const [file = '', ...texts] = fields;
    const numbers = texts.map((text) => (text.trim() === '' ? Number.NaN : Number(text)));
    const wrong = numbers.findIndex((number) => !(number >= -1 && number <= 1));
    if (wrong >= 0)
      return fail(invalid(line, `${wrong === 0 ? 'valence' : 'arousal'} must be a number from -1 to 1, got "${texts[wrong]}".`));
    rows.push({ line, file, valence: numbers[0] as number, arousal: numbers[1] as number });
  }
  return ok(rows);
}

/** A failure that names the line. */
export const invalid = (line: number, what: string) =>
  wireError('labels-invalid', `labels.csv, line ${line}: ${what}`, 'Correct that line and run again.');

interface Row {
  line: number;
  fields: string[];
}

/** Rows below the header, all as wide as it; file names checked. */
function parseTable(csv: string, headers: readonly (readonly string[])[]): Result<Row[]> {
  const parsed = parseCsv(csv.replace(/^\uFEFF/, ''));
  if (!parsed.ok) return parsed;
  const [head, ...rows] = parsed.value;
  const header = headers.find(
    (names) => names.length === head?.fields.length && names.every((name, index) => name === head.fields[index]?.trim()),
  );
  if (!header) {
    const forms = headers.map((names) => `"${names.join(',')}"`).join(' or ');
    return fail(invalid(head?.line ?? 1, `the columns must be ${forms}, got "${head?.fields.join(',') ?? ''}".`));
  }
  if (rows.length === 0) return fail(invalid(2, 'there are no rows below the header.'));
  const seen = new Map<string, number>();
  for (const { line, fields } of rows) {
    if (fields.length !== header.length)
      return fail(invalid(line, `expected ${header.length} fields (${header.join(',')}), got ${fields.length}.`));
    const [file = ''] = fields;
    if (file === '') return fail(invalid(line, 'the file name is empty.'));
    if (/^([/\\]|[A-Za-z]:)/.test(file) || file.split(/[/\\]/).includes('..')) {
      return fail(invalid(line, `"${file}" is not inside the folder: paths must be relative to labels.csv.`));
    }
    const before = seen.get(file);
    if (before !== undefined) return fail(invalid(line, `"${file}" is already on line ${before}.`));
    seen.set(file, line);
  }
  return ok(rows);
}

/** RFC 4180: fields in double quotes may hold commas, newlines and doubled quotes. Empty lines are skipped. */
function parseCsv(csv: string): Result<Row[]> {
  const rows: Row[] = [];
  let line = 1;
  let start = 1;
  let fields: string[] = [];
  let field = '';
  let at = 0;
  const endRow = (): void => {
    fields.push(field);
    if (fields.length > 1 || field !== '') rows.push({ line: start, fields });
    fields = [];
    field = '';
  };
  while (at < csv.length) {
    const char = csv[at];
    if (char === '"') {
      if (field !== '') return fail(invalid(line, 'a double quote stands inside a field that does not begin with one.'));
      at += 1;
      for (; ; at += 1) {
        if (at >= csv.length) return fail(invalid(start, 'a double quote is not closed.'));
        if (csv[at] === '\n') line += 1;
        if (csv[at] !== '"') field += csv[at];
        else if (csv[at + 1] === '"') {
          field += '"';
          at += 1;
        } else break;
      }
      at += 1;
      const after = csv[at];
      if (after !== undefined && after !== ',' && after !== '\n' && after !== '\r') {
        return fail(invalid(line, 'after a closing double quote there must be a comma or the end of the line.'));
      }
    } else if (char === ',') {
      fields.push(field);
      field = '';
      at += 1;
    } else if (char === '\n' || char === '\r') {
      at += char === '\r' && csv[at + 1] === '\n' ? 2 : 1;
      endRow();
      line += 1;
      start = line;
    } else {
      field += char;
      at += 1;
    }
  }
  endRow();
  return ok(rows);
}
