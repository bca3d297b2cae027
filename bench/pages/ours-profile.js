/** Hands the profile to a worker, where the page's engine runs too. */

/** @param {URLSearchParams} query pack, threads */
export function measure(query) {
  const worker = new Worker(new URL('./profile-worker.js', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => ('value' in data ? resolve(data.value) : reject(new Error(data.fault)));
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(query.toString());
  });
}
