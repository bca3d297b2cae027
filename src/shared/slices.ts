/** Turns for others within long work of the page. */

/** After what waits in the browser's queue. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
