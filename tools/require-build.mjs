// Ends with an error where the service was not built yet.
import { existsSync } from 'node:fs';

// sysexits.h
const EX_UNAVAILABLE = 69;

if (!existsSync('dist/cli.js')) {
  process.stderr.write('The service is not built yet. Run: npm run build\n');
  process.exitCode = EX_UNAVAILABLE;
}
