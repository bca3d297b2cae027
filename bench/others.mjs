/** How much of the machine others use meanwhile: what makes figures wrong. */
import os from 'node:os';
import { canSeeProcesses, ownProcesses } from './processes.mjs';

const EVERY_MS = 1000;

/** ms of all cores together. */
function coreTimes() {
  let busy = 0;
  let all = 0;
  for (const { times } of os.cpus()) {
    const sum = Object.values(times).reduce((total, time) => total + time, 0);
    all += sum;
    busy += sum - times.idle;
  }
  return { busy, all };
}

/**
 * Until the returned function is called, which tells the share [0, 1] of all cores that neither this process nor one below it has
 * used. Null where the system does not tell, or too little time has passed.
 * @returns {() => number | null}
 */
export function watchOthers() {
  if (!canSeeProcesses) return () => null;
  let cores = coreTimes();
  let own = ownProcesses().cpuMs;
  let others = 0;
  let all = 0;
  const timer = setInterval(() => {
    const [coresNow, ownNow] = [coreTimes(), ownProcesses().cpuMs];
    others += coresNow.busy - cores.busy - (ownNow - own);
    all += coresNow.all - cores.all;
    [cores, own] = [coresNow, ownNow];
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    return all === 0 ? null : Math.max(0, others / all);
  };
}
