// npm run cli -- <command> [options]: what an operator does by hand. Uses the settings of the service.
import 'reflect-metadata';
import { runCli } from './cli/run.js';
import { readEnvironment } from './config/environment.js';

// A reader such as `head` may leave before the end. The command still finishes what it does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runCli(
  process.argv.slice(2),
  readEnvironment(),
  (line) => process.stdout.write(`${line}\n`),
  (line) => process.stderr.write(`${line}\n`),
  process.stderr.isTTY ? (text) => process.stderr.write(text) : null,
);
