/**
 * `node scripts/audit.mjs`: asks npm's advisory service whether anything that ships is known to be unsafe. Ends with 0 where nothing is,
 * 1 where something of high or critical severity is, and 3 where no service could be reached: then nobody knows.
 */
import { spawn } from 'node:child_process';
import { isMain, ROOT } from './house.mjs';

export const NOT_REACHED = 3;

/**
 * @param {string} output of `npm audit --json`
 * @returns {{ faults: string[] } | null} null where it is no report
 */
export function readAudit(output) {
  let report;
  try {
    report = JSON.parse(output);
  } catch {
    return null;
  }
  // Where the service does not answer, npm prints an error in its place.
  if (typeof report?.vulnerabilities !== 'object' || report.vulnerabilities === null) return null;
  const found = /** @type {{ name: string, severity: string, range: string }[]} */ (Object.values(report.vulnerabilities));
  return {
    faults: found
      .filter(({ severity }) => severity === 'high' || severity === 'critical')
      .map(({ name, severity, range }) => `${name} ${range}: ${severity}`),
  };
}

/** @returns {Promise<string>} what npm says */
function askNpm() {
  const args = ['audit', '--omit', 'dev', '--json', '--fetch-retries=1', '--fetch-timeout=20000'];
  return new Promise((done) => {
    const child = spawn('npm', args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'], shell: process.platform === 'win32' });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.on('error', () => done(''));
    child.on('close', () => done(output));
  });
}

if (isMain(import.meta.url)) {
  const report = readAudit(await askNpm());
  if (report === null) {
    console.log('SKIPPED: no advisory service reached.');
    process.exitCode = NOT_REACHED;
  } else {
    for (const fault of report.faults) console.error(fault);
    if (report.faults.length === 0) console.log('No advisory of high or critical severity is known for what ships.');
    process.exitCode = report.faults.length === 0 ? 0 : 1;
  }
}
