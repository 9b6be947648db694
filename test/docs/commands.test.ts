import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const pages = ['README.md', ...readdirSync(new URL('docs', root)).map((file) => `docs/${file}`)].filter(
  (file) => file.endsWith('.md'),
);
/** Of no Region. */
const global = ['iam', 'sts', 'organizations'];

/** Every command of the AWS command line in a page, whole, also where it is continued on the next line. */
const commandsIn = (page: string): string[] => {
  const text = readFileSync(new URL(page, root), 'utf8').replaceAll(/\\\n\s*/g, '');
  return [...text.matchAll(/\baws [a-z0-9]+ [a-z0-9-]+ -[^`\n;]*/g)].map(([command]) => command);
};

describe('the commands in README and docs', () => {
  it('each name the Region', () => {
    const commands = pages.flatMap(commandsIn);
    expect(commands.length).toBeGreaterThan(30);
    const without = commands.filter(
      (command) => !command.includes(' --region ') && !global.includes(command.split(' ')[1] ?? ''),
    );
    expect(without).toEqual([]);
  });

  it('each name the Region and the stage where they are commands of osls', () => {
    const commands = pages.flatMap((page) => [
      ...readFileSync(new URL(page, root), 'utf8').matchAll(
        /npx osls (?:package|deploy|remove|info) -[^`\n#]*/g,
      ),
    ]);
    expect(commands.length).toBeGreaterThan(5);
    for (const [command] of commands) expect(command).toMatch(/--stage \S+ --region \S+/);
  });
});
