import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { damaged, holds } from '../../scripts/property.ts';
import { decodeLabels, parseAffectLabels, parseLabels } from './labels-csv.ts';

const field = fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[a",\r\n;=é]{0,12}$/));
const path = fc.array(fc.constantFrom('..', 'a', '/', '\\', 'C:', 'x'.repeat(500)), { maxLength: 4 }).map((parts) => parts.join(''));
const rows = fc.uniqueArray(fc.record({ file: fc.stringMatching(/^[a-z ü",\r\n]{1,9}\.png$/), label: field, text: field }), {
  selector: ({ file }) => file,
  minLength: 1,
  maxLength: 20,
});

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const sound = 'file,label,text\r\na.png,fear,"so, ""he"" said"\r\nb/c.png,joy,\r\n';

describe('labels.csv', () => {
  holds('what was written is read', [rows, fc.constantFrom('\n', '\r\n', '\r'), fc.constantFrom(1, 2)], (written, newline, apart) => {
    const expected = written.filter(({ label }) => label !== '');
    fc.pre(expected.length > 0);
    const csv = ['file,label,text', ...expected.map(({ file, label, text }) => [file, label, text].map(quoted).join(','))].join(
      newline.repeat(apart),
    );
    const parsed = parseLabels(csv);
    expect(parsed.ok && parsed.value.map(({ line: _, ...row }) => row)).toEqual(expected);
    let line = 1 + apart;
    for (const row of parsed.ok ? parsed.value : []) {
      expect(row.line).toBe(line);
      line += [row.file, row.label, row.text].join('').split('\n').length + apart - 1;
    }
  });

  holds(
    'any text gives rows or a line',
    [
      fc.oneof(
        field,
        field.map((text) => `file,label\n${text}`),
        path.map((text) => `file,label\n${text},fear`),
        path.map((text) => `file,valence,arousal\na.png,${text},0`),
      ),
    ],
    (csv) => {
      for (const parse of [parseLabels, parseAffectLabels]) {
        const parsed = parse(csv);
        if (!parsed.ok) expect(parsed.error.message.length).toBeLessThan(400);
        if (parsed.ok) for (const { file } of parsed.value) expect(file.split(/[/\\]/)).not.toContain('..');
        else expect(parsed.error).toMatchObject({ code: 'labels-invalid', message: expect.stringMatching(/^labels\.csv, line \d+: /) });
      }
    },
  );

  holds('any bytes are a text, letter for letter, or are refused', [damaged(new TextEncoder().encode(sound))], (bytes) => {
    const text = decodeLabels(bytes);
    if (!text.ok) return expect(text.error.message).toMatch(/^labels\.csv, line \d+: this is not UTF-8 text\.$/);
    const isUtf16 = /^(fffe|feff)/.test(Buffer.from(bytes.subarray(0, 2)).toString('hex'));
    const told = bytes.subarray(Buffer.from(bytes.subarray(0, 3)).toString('hex') === 'efbbbf' ? 3 : 0);
    if (!isUtf16) expect([...new TextEncoder().encode(text.value)]).toEqual([...told]);
  });
});
