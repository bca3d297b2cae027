import { describe, expect, test } from 'vitest';
import { faceRegion, letterbox, type Picture, regionPoint, resize, sampleRegion, writePixelValues } from './image.ts';

function picture(width: number, height: number, red: (x: number, y: number) => number): Picture {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set([red(x, y), 10, 20, 255], (y * width + x) * 4);
  return { width, height, data };
}

const redAt = ({ width, data }: Picture, x: number, y: number): number => data[(y * width + x) * 4] ?? -1;
const stripes = (x: number): number => (x % 2 === 0 ? 0 : 200);

/** Middle of the reddest pixel. */
function brightest(p: Picture): { x: number; y: number } {
  let best = 0;
  for (let i = 0; i < p.width * p.height; i++) if ((p.data[i * 4] ?? 0) > (p.data[best * 4] ?? 0)) best = i;
  return { x: (best % p.width) + 0.5, y: Math.floor(best / p.width) + 0.5 };
}

describe('resize', () => {
  test('shrinking averages exactly the pixels under each target pixel', () => {
    const small = resize(
      picture(4, 4, (x, y) => x * 10 + y * 40),
      2,
      2,
    );
    expect([redAt(small, 0, 0), redAt(small, 1, 0), redAt(small, 0, 1), redAt(small, 1, 1)]).toEqual([25, 45, 105, 125]);
  });

  test('fine stripes become grey, with either filter', () => {
    for (const filter of ['area', 'triangle'] as const) {
      expect(Math.abs(redAt(resize(picture(64, 4, stripes), 8, 4, { filter }), 4, 2) - 100)).toBeLessThanOrEqual(6);
    }
  });

  test('growing goes smoothly from pixel to pixel', () => {
    const big = resize(
      picture(2, 1, (x) => x * 100),
      8,
      1,
    );
    const row = Array.from({ length: 8 }, (_, x) => redAt(big, x, 0));
    expect(row).toEqual(row.toSorted((a, b) => a - b));
    expect([row[0], row[7]]).toEqual([0, 100]);
    expect(row[3]).toBeGreaterThan(20);
  });

  test('a rect is cut out, and nothing around it leaks in', () => {
    const source = picture(10, 10, (x, y) => (x >= 4 && x < 8 && y >= 2 && y < 6 ? 80 : 255));
    const part = resize(source, 2, 2, { rect: { x: 4, y: 2, width: 4, height: 4 } });
    expect([redAt(part, 0, 0), redAt(part, 1, 1)]).toEqual([80, 80]);
  });
});

describe('letterbox', () => {
  test('keeps the shape, blackens the rest, and says where everything went', () => {
    const box = letterbox(
      picture(200, 100, (x, y) => (Math.abs(x - 150) < 3 && Math.abs(y - 20) < 3 ? 255 : 0)),
      64,
    );
    const spot = brightest(box.picture);
    expect((spot.x - box.offsetX) / box.scaleX + box.originX).toBeCloseTo(150, -0.5);
    expect((spot.y - box.offsetY) / box.scaleY + box.originY).toBeCloseTo(20, -0.5);
    expect(box.picture.data.subarray(0, 64 * 4 * 15).every((byte) => byte === 0)).toBe(true);
  });

  test('a kept square shows nothing of the picture before', () => {
    const first = letterbox(
      picture(64, 64, () => 255),
      32,
    );
    const second = letterbox(
      picture(64, 16, () => 100),
      32,
      undefined,
      first.picture,
    );
    expect(second.picture).toBe(first.picture);
    expect(redAt(second.picture, 16, 2)).toBe(0);
  });
});

describe('sampleRegion', () => {
  test('agrees with regionPoint about where a point of the picture goes', () => {
    const source = picture(120, 90, (x, y) => Math.max(0, 255 - 8 * Math.hypot(x - 70, y - 30)));
    const region = faceRegion({ x: 40, y: 20, width: 40, height: 30 }, 0.5, 1.4, [0.05, -0.1]);
    const spot = brightest(sampleRegion(source, region, 56, 56));
    const back = regionPoint(region, spot.x / 56, spot.y / 56);
    expect(Math.hypot(back.x - 70.5, back.y - 30.5)).toBeLessThan(1.2);
  });

  test('shrinking does not alias', () => {
    const small = sampleRegion(picture(200, 200, stripes), { centreX: 100, centreY: 100, width: 200, height: 200, roll: 0 }, 10, 10);
    for (let x = 0; x < 10; x++) expect(Math.abs(redAt(small, x, 5) - 100)).toBeLessThanOrEqual(10);
  });

  test('a picture at its own size stays as it is, though its side comes out of a division', () => {
    const side = (48 / 1.18) * 1.18; // 48.00000000000001
    expect(side).toBeGreaterThan(48);
    const source = picture(48, 48, stripes);
    const out = sampleRegion(source, { centreX: 24, centreY: 24, width: side, height: side, roll: 0 }, 48, 48);
    for (let x = 0; x < 48; x++) expect(redAt(out, x, 20)).toBe(stripes(x));
  });

  test('continues the edge beyond the picture', () => {
    const out = sampleRegion(
      picture(10, 10, (x) => 100 + x),
      { centreX: -5, centreY: 5, width: 8, height: 8, roll: 0 },
      4,
      4,
    );
    expect(redAt(out, 0, 0)).toBe(100);
  });
});

test('pixel values come in the layout and channel order asked for', () => {
  const one: Picture = { width: 2, height: 1, data: Uint8ClampedArray.of(255, 0, 51, 255, 0, 255, 51, 255) };
  const out = new Float32Array(6);
  const half = [0.5, 0.5, 0.5];
  const values = (layout: 'nchw' | 'nhwc', order: 'rgb' | 'bgr') => {
    writePixelValues(one, { layout, order, mean: half, std: half }, out);
    return Array.from(out, (value) => Math.round(value * 10) / 10);
  };
  expect(values('nchw', 'rgb')).toEqual([1, -1, -1, 1, -0.6, -0.6]);
  expect(values('nhwc', 'rgb')).toEqual([1, -1, -0.6, -1, 1, -0.6]);
  expect(values('nchw', 'bgr')).toEqual([-0.6, -0.6, -1, 1, 1, -1]);
});
