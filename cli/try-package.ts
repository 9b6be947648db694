import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** The Node of whoever installs the package: not the one that this repository brings. */
const path = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter);

const run = (folder: string, command: string, ...words: string[]) =>
  spawnSync(command, words, {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: path, HOME: process.env.HOME, ...proxies() },
    timeout: 300_000,
  });

/** What npm needs to reach its registry. */
const proxies = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) =>
      /^(npm_config_(registry|.*proxy|cafile)|.*_proxy)$/i.test(name),
    ),
  );

/** What a command must come to. */
interface Trial {
  words: string[];
  status: number;
  /** What it must say. */
  says: string;
}

const trials: Trial[] = [
  { words: ['--help'], status: 0, says: 'Usage: holdfast' },
  { words: ['validate'], status: 0, says: 'is a valid policy with 4 rules' },
  { words: ['rehearse', 'packet-loss', '--report', 'reports'], status: 0, says: 'The report: ' },
  { words: ['story', 'us-east-1'], status: 0, says: 'No promise was broken.' },
  { words: ['complete', '--', 'pl'], status: 0, says: 'plan' },
  { words: ['plan', 'packet-loss'], status: 2, says: 'No Region' },
  { words: ['plann'], status: 2, says: 'Did you mean "plan"?' },
];

/*
 * Packs the package, installs it into an empty folder, and uses it there with the Node that is on the path: a package
 * that works only in its own clone is none.
 */
const folder = mkdtempSync(join(tmpdir(), 'holdfast-package-'));
let exitCode = 0;
try {
  const packed = run(root, 'npm', 'pack', '--silent', '--pack-destination', folder);
  const [tarball = ''] = readdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const installed = run(folder, 'npm', 'install', '--no-audit', '--no-fund', join(folder, tarball));
  const version = run(folder, 'node', '--version').stdout.trim();
  if (packed.status !== 0 || installed.status !== 0) {
    process.stderr.write(`The package cannot be installed:\n${packed.stderr}${installed.stderr}\n`);
    exitCode = 1;
  } else {
    for (const { words, status, says } of trials) {
      const tried = run(folder, join(folder, 'node_modules/.bin/holdfast'), ...words);
      const said = tried.stdout + tried.stderr;
      const isRight = tried.status === status && said.includes(says) && !said.includes('fault of Holdfast');
      process.stdout.write(`${isRight ? 'ok  ' : 'FAIL'} holdfast ${words.join(' ')} (Node ${version})\n`);
      if (isRight) continue;
      process.stderr.write(
        `exit code ${tried.status}, wanted ${status} and "${says}":\n${said.slice(-2000)}\n`,
      );
      exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = exitCode;
