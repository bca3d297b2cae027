import { describe, expect, it } from 'vitest';
import { deviceWithoutSubgroups } from './web-gpu.ts';

/** An adapter that remembers what device was asked of it. */
function fakeAdapter(features: string[], subgroupMinSize: number | undefined) {
  const asked: { requiredFeatures: string[]; requiredLimits: Record<string, number> }[] = [];
  const adapter = {
    features: new Set(features),
    limits: { maxBufferSize: 5, maxTextureDimension1D: 7 },
    info: subgroupMinSize === undefined ? {} : { subgroupMinSize },
    async requestDevice(descriptor: (typeof asked)[number]) {
      asked.push(descriptor);
      return {};
    },
  };
  return { adapter, asked };
}

describe('deviceWithoutSubgroups', () => {
  it('makes a device with everything but subgroups where those are smaller than the attention kernel assumes', async () => {
    const { adapter, asked } = fakeAdapter(['subgroups', 'timestamp-query', 'depth-clip-control'], 4);
    expect(await deviceWithoutSubgroups(adapter)).not.toBeNull();
    expect(asked).toEqual([{ requiredFeatures: ['timestamp-query'], requiredLimits: { maxBufferSize: 5 } }]);
  });

  it.each([
    ['large subgroups', ['subgroups'], 32],
    ['no subgroups', ['shader-f16'], 4],
    ['subgroups of unknown size', ['subgroups'], undefined],
  ])('leaves the device to onnxruntime on an adapter with %s', async (_, features, size) => {
    const { adapter, asked } = fakeAdapter(features, size);
    expect(await deviceWithoutSubgroups(adapter)).toBeNull();
    expect(asked).toEqual([]);
  });
});
