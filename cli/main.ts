import { runHoldfast } from './program.ts';

// Whoever reads our output may have read enough: `--json | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runHoldfast(process.argv.slice(2));
