/** What the page and its service worker say to each other. */

/** From the page: the waiting version may take over. */
export const TAKE_OVER = 'take-over';

/** The answer: it does, or other tabs still show the version before it, whose files would be taken from under them. */
export type TakeOver = 'now' | 'other-tabs';
