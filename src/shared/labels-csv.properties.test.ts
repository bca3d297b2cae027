import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { damaged, holds } from '../../scripts/property.ts';
import { decodeLabels, parseAffectLabels, parseLabels } from './labels-csv.ts';

const field = fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[a",\r\n;=é]{0,12}$/));
const rows = fc.uniqueArray(fc.record({ file: fc.stringMatching(/^[a-z ü",\r\n]{1,9}\.png$/), label: field, text: field }), {
  selector: ({ file }) => file,
  minLength: 1,
  maxLength: 20,
});

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const sound = 'file,label,text\r\na.png,fear,"so, ""he"" said"\r\nb/c.png,joy,\r\n';

describe('labels.csv', () => {
  holds('what was written is read', [rows, fc.constantFrom('\n', '\r\n', '\r')], (written, newline) => {
    const expected = written.filter(({ label }) => label !== '');
    fc.pre(expected.length > 0);
    const csv = ['file,label,text', ...expected.map(({ file, label, text }) => [file, label, text].map(quoted).join(','))].join(newline);
    const parsed = parseLabels(csv);
    expect(parsed.ok && parsed.value.map(({ line: _, ...row }) => row)).toEqual(expected);
  });

  holds(
    'any text gives rows or a line',
    [
      fc.oneof(
        field,
        field.map((text) => `file,label\n${text}`),
      ),
    ],
    (csv) => {
      for (const parse of [parseLabels, parseAffectLabels]) {
        const parsed = parse(csv);
        if (parsed.ok) for (const { file } of parsed.value) expect(file.split(/[/\\]/)).not.toContain('..');
        else expect(parsed.error).toMatchObject({ code: 'labels-invalid', message: expect.stringMatching(/^labels\.csv, line \d+: /) });
      }
    },
  );

  holds('any bytes are a text or are refused, and a message stays short', [damaged(new TextEncoder().encode(sound))], (bytes) => {
    const text = decodeLabels(bytes);
    const parsed = text.ok ? parseLabels(text.value) : text;
    if (!parsed.ok) expect(parsed.error.message.length).toBeLessThan(400);
  });
});
