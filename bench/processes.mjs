/** The processes that this one has started, as Linux tells of them; elsewhere there is nothing to see. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Linux counts a process's time in hundredths of a second, for whatever it asks of its users. */
const TICK_MS = 10;

export const canSeeProcesses = existsSync('/proc/self/smaps_rollup');

/** @param {string | number} pid @returns {{ parent: number, cpuMs: number } | null} null where it has ended */
function readProcess(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Its own, and that of those below it that have ended.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { parent: Number(fields[1]), cpuMs: TICK_MS * ticks };
  } catch {
    return null;
  }
}

/** This process and all below it, and the time of all cores that they have used, those that have ended included. */
export function ownProcesses() {
  /** @type {Map<number, { parent: number, cpuMs: number }>} */
  const all = new Map();
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) ? readProcess(name) : null;
    if (found !== null) all.set(Number(name), found);
  }
  const own = [process.pid];
  for (const pid of own) for (const [child, { parent }] of all) if (parent === pid) own.push(child);
  return { pids: own, cpuMs: own.reduce((sum, pid) => sum + (all.get(pid)?.cpuMs ?? 0), 0) };
}

/** Proportional set size: a page that several processes share counts once. @param {number} pid @returns {number} MB */
export function memoryOf(pid) {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
