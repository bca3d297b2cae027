import { describe, expect, it } from 'vitest';
import { facesReport, judged, sceneReport } from '../ui/evaluation.fixture.ts';
import { evaluationCsv } from './evaluation-csv.ts';

const rows = (csv: string): string[] => csv.trimEnd().split('\r\n');

describe('evaluationCsv', () => {
  it('has a row for each item, with what made it', () => {
    const report = facesReport([judged('a,b.png', 'anger', 'anger'), judged('2.png', 'fear', null)]);
    expect(rows(evaluationCsv(report))).toEqual([
      'file,label,answer,correct,probability,p_anger,p_fear,task,by,cropped,pack_id,pack_version,pack_hash,backends,foundation,prompting',
      `"a,b.png",anger,anger,yes,0.6,0.6,0.4,faces,affect-head,yes,tiny,1.0.0,${'a'.repeat(64)},face-encoder=wasm,,`,
      `2.png,fear,,no,,,,faces,affect-head,yes,tiny,1.0.0,${'a'.repeat(64)},face-encoder=wasm,,`,
    ]);
  });

  it('has the four steps where a text was written', () => {
    const text = { observe: 'A face.', cues: 'AU12', reason: '=1+1', answer: 'anger' };
    const [header, row] = rows(evaluationCsv(facesReport([{ ...judged('1.png', 'fear', 'anger'), text }])));
    expect(header).toContain('p_fear,observe,cues,reason,answer,task');
    expect(row).toContain("A face.,AU12,'=1+1,anger,faces");
  });

  it('has both points of a scene', () => {
    const [header, first] = rows(evaluationCsv(sceneReport()));
    expect(header?.startsWith('file,valence,arousal,answer_valence,answer_arousal,task')).toBe(true);
    expect(first?.startsWith('1.png,0,0,0.3,0.4,scene,scene-encoder')).toBe(true);
  });
});
