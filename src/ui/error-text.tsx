import type { WireError } from '../shared/errors.ts';
import { said } from './phrases.ts';

/** What happened and what to do, in the language of the page, wherever the error comes from. */
export function ErrorText({ error }: { error: WireError }) {
  return (
    <>
      <strong>{said(error.message)}</strong> {said(error.remedy)}
    </>
  );
}
