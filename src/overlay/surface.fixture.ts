/** A context that writes down what is done to it, with the settings that hold then. Text is half as wide as high for each letter. */
import type { Surface } from './surface.ts';

export interface Call {
  name: string;
  args: unknown[];
  fillStyle: unknown;
  strokeStyle: unknown;
}

export function recordingSurface(): { surface: Surface; calls: Call[]; texts: () => string[] } {
  const calls: Call[] = [];
  const settings: Record<string, unknown> = { font: '10px x', fillStyle: '#000', strokeStyle: '#000', globalAlpha: 1 };
  const surface = new Proxy(settings, {
    get: (target, name) => {
      if (typeof name !== 'string') return undefined;
      if (name in target) return target[name];
      if (name === 'measureText') {
        return (text: string) => ({ width: (text.length * Number(/([\d.]+)px/.exec(String(target.font))?.[1])) / 2 });
      }
      return (...args: unknown[]) => {
        calls.push({ name, args, fillStyle: target.fillStyle, strokeStyle: target.strokeStyle });
      };
    },
  }) as unknown as Surface;
  return { surface, calls, texts: () => calls.filter(({ name }) => name === 'fillText').map(({ args }) => String(args[0])) };
}
