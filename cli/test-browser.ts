import { spawnSync } from 'node:child_process';
import { findChromium } from './find-chromium.ts';

// Exits with 2 where there is no browser, so that whoever asks can tell that from a failure.
if (findChromium() === undefined) {
  process.stderr.write(
    'No Chromium was found. Install it (Debian: apt-get install chromium; macOS: brew install chromium), or name it with CHROMIUM=/path/to/chrome.\n',
  );
  process.exitCode = 2;
} else {
  const { status } = spawnSync('vitest', ['run', '--config', 'vitest.browser.config.ts'], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
