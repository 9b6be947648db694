import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { noticeKinds, toNotice } from '../../functions/domain/telling/notice.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { tellSummary } from '../../rehearsal/report.ts';
import { now } from '../domain/holds/group-fixtures.ts';

const root = new URL('../../', import.meta.url);
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'conformance/README.md',
  ...readdirSync(new URL('docs', root)).map((file) => `docs/${file}`),
].filter((file) => file.endsWith('.md'));
const textOf = (page: string): string => readFileSync(new URL(page, root), 'utf8');
const withoutCode = (text: string): string => text.replaceAll(/```[\s\S]*?```/g, '');

/** The anchors of a page, as GitHub makes them of its headings. */
const anchorsOf = (page: string): string[] =>
  [...withoutCode(textOf(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

interface Link {
  page: string;
  target: string;
}
const links = pages.flatMap((page): Link[] =>
  [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page, target })),
);

const isBroken = ({ page, target }: Link): boolean => {
  if (/^https?:/.test(target)) return false;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : new URL(path, new URL(page, root)).href.replace(root.href, '');
  if (!existsSync(new URL(file, root))) return true;
  return anchor !== undefined && statSync(new URL(file, root)).isFile() && !anchorsOf(file).includes(anchor);
};

describe('the links in README and docs', () => {
  it('lead to files and headings that are there', () => {
    expect(isBroken({ page: 'README.md', target: 'docs/nothing.md' })).toBe(true);
    expect(isBroken({ page: 'README.md', target: 'docs/messages.md#nothing' })).toBe(true);
    expect(links.length).toBeGreaterThan(100);
    expect(links.filter(isBroken)).toEqual([]);
  });

  it('lead from README to every page', () => {
    const linked = links.filter(({ page }) => page === 'README.md').map(({ target }) => target.split('#')[0]);
    expect(pages.filter((page) => page.startsWith('docs/') && !linked.includes(page))).toEqual([]);
  });
});

describe('docs/messages.md', () => {
  it.each(noticeKinds)('says what to do about %s, where the link of a message leads', (kind) => {
    expect(toNotice({ kind, at: now, incidentId: '', headline: '' }).kind).toBe(kind);
    expect(anchorsOf('docs/messages.md')).toContain(kind);
  });
});

describe('README', () => {
  it('shows what npm start prints', async () => {
    const options = { incident: packetLoss, seed: 1, policy: loadPolicy(), dryRun: false };
    const runs = [
      await rehearse({ ...options, withHoldfast: false }),
      await rehearse({ ...options, withHoldfast: true }),
    ];
    const printed = tellSummary(packetLoss, runs).split('\n');
    const [, shown = ''] = /In the end it prints:\n\n```\n([\s\S]*?)\n```/.exec(textOf('README.md')) ?? [];
    expect(shown.split('\n').length).toBeGreaterThan(3);
    expect(printed.slice(0, shown.split('\n').length)).toEqual(shown.split('\n'));
  });

  it('shows a message as it is', () => {
    const [, shown = ''] = /```\n(Subject: [\s\S]*?)\n```/.exec(textOf('README.md')) ?? [];
    const lines = readFileSync(new URL('test/fixtures/messages/acted-one-group.txt', root), 'utf8').split(
      '\n',
    );
    for (const title of shown.split('\n').filter((line) => /^[A-Z ]+$/.test(line) && line !== '')) {
      expect(lines).toContain(title);
    }
    expect(shown).toContain('Auto Scaling does not terminate, replace or rebalance instances there.');
  });
});
