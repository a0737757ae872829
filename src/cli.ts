// npm run cli -- <command> [options]: what an operator does by hand. Uses the settings of the service.
import 'reflect-metadata';
import { runCli } from './cli/run.js';
import { readEnvironment } from './config/environment.js';

process.exitCode = await runCli(
  process.argv.slice(2),
  readEnvironment(),
  (line) => process.stdout.write(`${line}\n`),
  (line) => process.stderr.write(`${line}\n`),
);
