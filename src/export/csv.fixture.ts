/** A reader of CSV for tests. */

/** RFC 4180, character by character: written apart from the writer. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let value = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') value += letter;
      else if (text[at + 1] === '"') {
        value += '"';
        at += 1;
      } else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === ',') {
      row.push(value);
      value = '';
    } else if (letter === '\r' && text[at + 1] === '\n') {
      row.push(value);
      rows.push(row);
      row = [];
      value = '';
      at += 1;
    } else if (letter === '\r' || letter === '\n') throw new Error('a line break outside of quotes');
    else value += letter;
  }
  if (value !== '' || row.length > 0) throw new Error('the last line has no end');
  return rows;
}

/** Rows by the header's names. */
export function records(text: string): Record<string, string>[] {
  const [header = [], ...rows] = parseCsv(text);
  return rows.map((row) => {
    if (row.length !== header.length) throw new Error(`${row.length} cells under ${header.length} names`);
    return Object.fromEntries(header.map((name, index) => [name, row[index] ?? '']));
  });
}
