import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { resumeProcessesCommand } from '../../functions/domain/telling/commands.ts';

/** The words that a POSIX shell makes of a command. */
const wordsOf = (command: string): string[] =>
  execFileSync('sh', ['-c', `for word in ${command}; do printf '%s\\0' "$word"; done`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);

describe('a command with a name that people chose', () => {
  it.each([
    'web',
    "it's",
    '$(id)',
    'a b',
    '=cat',
    'back`tick`',
    '"quoted"',
    'é',
    '~',
    '*',
    'a\\b',
    '#1',
    '!x',
  ])('is taken by a shell as it is meant: %s', (name) => {
    const words = wordsOf(resumeProcessesCommand('eu-west-1', name, ['Launch']));
    expect(words.slice(words.indexOf('--auto-scaling-group-name')).slice(1, 2)).toEqual([name]);
  });

  it.each(['-web', '--web', '-'])('joins a name that looks like an option to its own: %s', (name) => {
    expect(wordsOf(resumeProcessesCommand('eu-west-1', name, ['Launch']))).toContain(
      `--auto-scaling-group-name=${name}`,
    );
  });

  it('quotes what zsh would look up as a command', () => {
    expect(resumeProcessesCommand('eu-west-1', '=cat', ['Launch'])).toContain("'=cat'");
  });
});
