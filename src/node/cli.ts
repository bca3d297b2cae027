/** `emollm`: the command line's entry. */
import { wireError } from '../shared/errors.ts';
import { type Console, describeError } from './analyze.ts';
import { main } from './main.ts';

async function start(): Promise<void> {
  const controller = new AbortController();
  // Once: stop after the current step. Twice: Node's own way.
  process.once('SIGINT', () => controller.abort());
  // `| head` closes our output: that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const console: Console = { out: (text) => void process.stdout.write(text), error: (text) => void process.stderr.write(text) };
  try {
    process.exitCode = await main(controller.signal, process.argv.slice(2), console);
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.error(
      `${describeError(wireError('internal', 'Something went wrong inside the program.', 'Please report it with these details.', detail))}\n`,
    );
    process.exitCode = 1;
  }
}

await start();
