import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import bundlePolicy, { tellPolicy } from '../../infra/bundle-policy.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const shipped = readFileSync(new URL('../../infra/policy.yml', import.meta.url), 'utf8');
const pluginsFor = (policy: string, launchTemplates = 'off') =>
  bundlePolicy({ service: { custom: { checked: { policy, mode: 'dry-run', launchTemplates } } } });
const write = (text: string): string => {
  const file = join(folder, 'our-policy.yml');
  writeFileSync(file, text);
  return file;
};

/** The source that the bundler gets in the place of `functions/policy.ts`. */
const bundled = (policy: string): string => {
  const loaders: (() => { contents: string })[] = [];
  for (const plugin of pluginsFor(policy))
    plugin.setup({ onLoad: (_filter, loader) => loaders.push(loader) });
  return loaders[0]?.().contents ?? '';
};

describe('infra/bundle-policy.mjs', () => {
  it('bundles the policy of this repository, and one of another folder', () => {
    expect(bundled('infra/policy.yml')).toContain('"name":"packet-loss"');
    expect(bundled(write(shipped.replace('name: packet-loss', 'name: our-own-loss')))).toContain(
      '"name":"our-own-loss"',
    );
  });

  it('says which policy, which mode and which rules are packaged', () => {
    expect(
      tellPolicy({ policy: '../ours.yml', mode: 'live' }, { rules: [{ name: 'loss', do: 'pause-scaling' }] }),
    ).toBe('Policy ../ours.yml, mode live: loss (pause-scaling)');
    expect(tellPolicy({ policy: 'a.yml', mode: 'live' }, { rules: [] })).toBe(
      'Policy a.yml, mode live: no rules',
    );
  });

  it('takes a rule that changes launch templates only where the stage may', () => {
    const file = write(
      shipped.replace(
        /^rules:\n/m,
        `rules:
  - name: larger
    do: resize-in-place
    when: { alarm: "capacity-*" }
    targets: { tags: { tier: web } }
    with: { instanceTypes: larger, updateLaunchTemplate: true }
`,
      ),
    );
    expect(() => pluginsFor(file)).toThrow(
      `${file}, rule "larger", field with.updateLaunchTemplate: found true; allowed: false, or true together with --param launchTemplates=on`,
    );
    expect(pluginsFor(file, 'on')).toHaveLength(1);
  });

  it('ends the packaging before anything is bundled when the policy is not valid, and names file and field', () => {
    const file = write(shipped.replace('block: scale-in', 'block: scale-out'));
    expect(() => pluginsFor(file)).toThrow(`${file} is not a valid policy`);
    expect(() => pluginsFor(file)).toThrow(
      'rule "packet-loss", field with.block: found "scale-out"; allowed: "scale-in" or "all"',
    );
  });
});
