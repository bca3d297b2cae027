import { messages } from './messages.ts';

/** As the page calls a backend or device; one that it has no name for by its own. */
export const backendName = (backend: string): string => (messages.backendNames as Readonly<Record<string, string>>)[backend] ?? backend;
