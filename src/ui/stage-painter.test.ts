/** The painter on canvases that write down what is drawn on them. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StagePainter } from './stage-painter.ts';

interface FakeCanvas {
  width: number;
  height: number;
  /** What lies on it, bottom first: pictures by name, covers by their kind and place. */
  drawn: string[];
}

beforeEach(() => {
  const canvas = (): FakeCanvas & { getContext: () => unknown } => {
    const self = { width: 0, height: 0, drawn: [] as string[], getContext: () => context };
    const context = new Proxy({} as Record<string, unknown>, {
      get: (settings, name) => {
        if (name === 'drawImage') {
          return (image: { name?: string; drawn?: string[] }, x: number, y: number, width: number, height: number, ...into: number[]) => {
            if (image.name === 'small') self.drawn.push(`blur ${into.join()}`);
            else if (x === 0 && y === 0) self.drawn = [...(image.drawn ?? [image.name ?? '?'])];
            void width;
            void height;
          };
        }
        if (name === 'fill') return () => self.drawn.push('box');
        return name in settings ? settings[name as string] : () => {};
      },
    });
    return self;
  };
  vi.stubGlobal('document', { createElement: canvas });
  vi.stubGlobal(
    'OffscreenCanvas',
    class {
      name = 'small';
      getContext = () => ({ drawImage: () => {} });
    },
  );
  vi.stubGlobal('createImageBitmap', async (source: FakeCanvas) => ({ drawn: source.drawn }));
});
afterEach(() => vi.unstubAllGlobals());

const picture = (name: string) => ({ name, width: 200, height: 100, close: () => {} }) as unknown as ImageBitmap;
const seen = (painter: StagePainter) => (painter.canvas as unknown as FakeCanvas).drawn;
const face = { x: 100, y: 40, width: 20, height: 20 };
const WHOLE = 'blur 0,0,200,100';
const HEAD = 'blur 92,29,36,39';

test('a held frame is not seen before it is revealed with its readings', () => {
  const painter = new StagePainter();
  painter.hold(picture('first'));
  expect(painter.canvas.width).toBe(0);
  painter.reveal([face]);
  expect(seen(painter)).toEqual(['first']);
  painter.hold(picture('second'));
  expect(seen(painter)).toEqual(['first']);
});

test('where faces are blurred, a picture that was not read yet is so as a whole, and then its faces are', () => {
  const painter = new StagePainter();
  painter.setFacesShown('blurred');
  painter.show(picture('portrait'), null);
  expect(seen(painter)).toEqual(['portrait', WHOLE]);
  painter.setPlaces([face]);
  expect(seen(painter)).toEqual(['portrait', HEAD]);
});

test('a change of how faces are shown is seen at once, both ways', () => {
  const painter = new StagePainter();
  painter.show(picture('portrait'), [face]);
  painter.setFacesShown('boxes');
  expect(seen(painter)).toEqual(['portrait', 'box']);
  painter.setFacesShown('as-they-are');
  expect(seen(painter)).toEqual(['portrait']);
});

test('an explained frame is covered by its own readings, and the stage comes back with its own', () => {
  const painter = new StagePainter();
  painter.setFacesShown('blurred');
  painter.hold(picture('now'));
  painter.reveal([face]);
  painter.peek(picture('then'), null);
  expect(seen(painter)).toEqual(['then', WHOLE]);
  expect(seen(painter)).toEqual(['then', WHOLE]);
  painter.endPeek();
  expect(seen(painter)).toEqual(['now', HEAD]);
});

test('what comes while an explained frame is looked at is the stage’s frame with its own readings: kept so, and shown after it', async () => {
  const painter = new StagePainter();
  painter.setFacesShown('blurred');
  painter.hold(picture('now'));
  painter.reveal([]);
  painter.peek(picture('then'), null);
  painter.hold(picture('later'));
  painter.reveal([face]);
  expect(seen(painter)).toEqual(['then', WHOLE]);
  expect(await painter.copy()).toEqual({ drawn: ['later'] });
  painter.endPeek();
  expect(seen(painter)).toEqual(['later', HEAD]);
});

test('what is kept or explained is the frame as it is', async () => {
  const painter = new StagePainter();
  painter.setFacesShown('boxes');
  painter.show(picture('portrait'), [face]);
  expect(await painter.copy()).toEqual({ drawn: ['portrait'] });
  expect(painter.frame).not.toBe(painter.canvas);
});

test('a cleared stage shows nothing, also when faces are shown otherwise', async () => {
  const painter = new StagePainter();
  painter.show(picture('portrait'), [face]);
  painter.clear();
  painter.setFacesShown('blurred');
  expect(painter.canvas.width).toBe(0);
  expect(painter.size()).toBeNull();
  expect(await painter.copy()).toBeNull();
});
