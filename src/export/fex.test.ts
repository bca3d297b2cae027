import { describe, expect, it } from 'vitest';
import { records } from './csv.fixture.ts';
import { fexCsv, fexSidecar } from './fex.ts';
import { points68 } from './landmarks-68.ts';
import { reading, session, watched } from './session.fixture.ts';

const at = new Date('2026-01-02T03:04:05Z');
/** Vertex i at (i, i + 0.5). */
const mesh = Float32Array.from({ length: 936 }, (_, index) => (index >> 1) + (index % 2) / 2);

describe('fexCsv', () => {
  it('has what py-feat asks for: box, score, emotions under both sets of names, action units, time and identity', () => {
    const rows = records(fexCsv(watched()));
    expect(rows[0]).toMatchObject({
      FaceRectX: '10.5',
      FaceRectWidth: '60',
      FaceScore: '0.98',
      happiness: '0.7',
      Happy: '0.7',
      neutral: '0.1',
      Neutral: '0.1',
      contempt: '0.02',
      valence: '-0.25',
      arousal: '0.5',
      AU12: '0.9',
      FrameHeight: '360',
      input: 'clip, "best" take.mp4',
      Identity: '1',
      face_name: 'Ada',
    });
    expect(rows[1]).toMatchObject({ frame: '0', Identity: '2', face_name: '' });
    expect(rows.at(-1)).toMatchObject({ frame: '24', timestamp: '4.4', approx_time: '00:04' });
  });

  it('gives nothing but action units a name with AU in it: py-feat takes every such column for one', () => {
    const header = fexCsv(session()).split('\r\n')[0]?.split(',') ?? [];
    expect(header.filter((name) => name.includes('AU'))).toEqual(['AU06', 'AU12']);
  });

  it('maps the mesh to the 68 points, of a picture and of a live reading alike, and leaves them empty where there was none', () => {
    const picture = session();
    const none = new Float32Array(0);
    const live = { ...reading({ landmarks: none }), points: points68(mesh) };
    picture.items[0]!.readings = [reading({ landmarks: mesh }), reading({ landmarks: none }), live];
    const [kept, lost, followed] = records(fexCsv(picture));
    expect(followed).toEqual(kept);
    // Outer eye corners, mouth corners and chin, as everyone numbers them in both schemes.
    expect([36, 45, 48, 54, 8].map((point) => kept?.[`x_${point}`])).toEqual(['33', '263', '61', '291', '152']);
    expect(kept?.y_36).toBe('33.5');
    expect(lost).toMatchObject({ x_0: '', y_67: '' });
  });

  it('starts with its header: py-feat reads no comments', () => {
    expect(fexCsv(session())).toMatch(/^FaceRectX,/);
  });
});

describe('fexSidecar', () => {
  it('says what made the table', () => {
    expect(JSON.parse(fexSidecar(watched(), at)).provenance).toMatchObject({
      exportedAt: '2026-01-02T03:04:05.000Z',
      app: { version: '0.1.0' },
      pack: { id: 'tiny', version: '1', sha256: 'abc123' },
      graphs: [
        { graph: 'face-encoder', backend: 'wasm', dtype: 'fp32' },
        { graph: 'language-model', backend: 'webgpu', dtype: 'q4' },
      ],
      adapter: 'test gpu',
      settings: { smoothing: 0.4 },
      inputs: [
        { sampling: { frames: 25, interval: 0.1 }, prompts: [{ task: 'emotion', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }] },
      ],
    });
  });
});
