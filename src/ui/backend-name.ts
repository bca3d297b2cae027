import type { ModelInfo } from '../shared/events.ts';
import { messages } from './messages.ts';

/** As the page calls a backend or device; one that it has no name for by its own. */
export const backendName = (backend: string): string => (messages.backendNames as Readonly<Record<string, string>>)[backend] ?? backend;

/** Where a foundation pack runs, and in which dtypes, each named once. */
export function foundationPrecision({ device, dtypes }: Pick<NonNullable<ModelInfo['foundation']>, 'device' | 'dtypes'>): string {
  return `${backendName(device)} ${[...new Set(Object.values(dtypes))].join('/')}`;
}
