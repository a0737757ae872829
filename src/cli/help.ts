// Help texts of the command line, at most 100 columns wide.
import type { Command } from './command.js';

const WIDTH = 100;

/** All commands, a line each. */
export function overview(commands: Readonly<Record<string, Command>>): string[] {
  return [
    'npm run cli -- <command> [options]',
    '',
    ...Object.entries(commands).flatMap(([name, { summary }]) => entry(name, summary, 12)),
    '',
    'npm run cli -- <command> --help    describes the options of a command',
    '',
    'Exit codes: 0 success; 1 a difference, a fault or an error; 64 wrong command line; 78 wrong settings',
  ];
}

/** One command with its options. */
export function helpOf(name: string, { summary, options }: Command): string[] {
  const lines = Object.entries(options).flatMap(([option, { type, meaning }]) =>
    entry(`--${option}${type === 'string' ? ' …' : ''}`, meaning, 20),
  );
  return [
    `npm run cli -- ${name}${lines.length > 0 ? ' [options]' : ''}`,
    '',
    ...wrap(summary, WIDTH),
    ...(lines.length > 0 ? ['', ...lines] : []),
  ];
}

function entry(name: string, text: string, column: number): string[] {
  const [first = '', ...others] = wrap(text, WIDTH - column - 4);
  return [
    `  ${name.padEnd(column)}  ${first}`,
    ...others.map((line) => `${' '.repeat(column + 4)}${line}`),
  ];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
