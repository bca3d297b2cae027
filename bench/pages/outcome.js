/** How a page tells what it has measured: see browser.mjs. */

/** @param {(query: URLSearchParams) => Promise<unknown>} measure */
export async function tell(measure) {
  try {
    window.outcome = { value: await measure(new URLSearchParams(location.search)) };
  } catch (error) {
    window.outcome = { fault: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}
