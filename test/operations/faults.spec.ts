import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from '@jest/globals';

// The long form, with every fault and with deadlines, is `npm run bench -- faults`.
it('nothing answered OK is lost when the service, or it and PostgreSQL, are killed under load', async () => {
  const args = ['--seconds', '2', '--rate', '300', '--only', 'kill-app,kill-both'];
  const rig = spawn(process.execPath, ['bench/faults.mjs', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [report, [code]] = await Promise.all([text(rig.stdout), once(rig, 'exit')]);
  expect(report).toMatch(/kill-app .* kept\nkill-both .* kept/);
  expect(code).toBe(0);
}, 90_000);
