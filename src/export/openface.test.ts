import { describe, expect, it } from 'vitest';
import { records } from './csv.fixture.ts';
import { openfaceCsv, openfaceSidecar } from './openface.ts';
import { reading, session } from './session.fixture.ts';

const measured = () => {
  const whole = session();
  const actionUnits = [
    { code: 'AU06', probability: 0.49 },
    { code: 'AU12', probability: 0.5 },
    { code: 'AU43', probability: 0.9 },
  ];
  whole.items[0]!.readings = [reading({ actionUnits }), reading({ time: 1.5, actionUnits: [] })];
  return whole;
};

describe('openfaceCsv', () => {
  it('says by the pack’s threshold which units are shown, and invents no intensity', () => {
    const whole = measured();
    const [shown, unknown] = records(openfaceCsv(whole, whole.items[0]!));
    expect(shown).toMatchObject({
      frame: '1',
      face_id: '1',
      timestamp: '1.25',
      confidence: '0.98',
      success: '1',
      AU06_c: '0',
      AU12_c: '1',
    });
    expect(unknown).toMatchObject({ frame: '2', AU06_c: '', AU12_c: '' });
    expect(Object.keys(shown ?? {}).filter((name) => name.endsWith('_r') || name.startsWith('AU43'))).toEqual([]);
    expect(JSON.parse(openfaceSidecar(whole, new Date(0))).notes.join(' ')).toContain('AU43');
  });

  it('has no unit where the threshold is not known', () => {
    const whole = { ...measured(), model: null };
    expect(openfaceCsv(whole, whole.items[0]!)).not.toContain('_c');
  });
});
