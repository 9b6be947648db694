import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faults } from '../../conformance/faults.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

describe('the planted faults', () => {
  it.each(faults.map((fault) => [fault.what, fault] as const))(
    'have a place in the code: %s',
    (_what, fault) => {
      expect(read(fault.file).split(fault.find)).toHaveLength(2);
      expect(fault.replace).not.toBe(fault.find);
    },
  );

  it('are one at least for each story', () => {
    const stories = [...read('conformance/stories/__init__.py').matchAll(/^ {4}"([a-z-]+)":/gm)].map(
      ([, name]) => name,
    );
    expect(stories.length).toBeGreaterThan(0);
    // An upgrade needs an earlier release, which a planted fault is not in.
    const planted = [...new Set(faults.map(({ story }) => story)), 'upgrade'];
    expect(planted.sort()).toEqual(stories.sort());
  });
});
