import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../cli/find-chromium.ts';
import { loadPolicy } from '../../functions/policy.ts';
import type { Story } from '../../rehearsal/incident.ts';
import { allIncidents } from '../../rehearsal/incidents/all-incidents.ts';
import { hourOfPacketLoss } from '../../rehearsal/incidents/hour-of-packet-loss.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { reportOfRehearsal } from '../../report/from-rehearsal.ts';
import { writeReport } from '../../report/write-report.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-report-'));
let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findChromium() ?? '', args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

const pageOf = async (incident: Story): Promise<string> => {
  const run = (withHoldfast: boolean) =>
    rehearse({ incident, seed: 1, policy: loadPolicy(), withHoldfast, dryRun: false });
  const report = reportOfRehearsal(incident, await run(false), await run(true));
  return writeReport(report, folder, incident.name);
};

/** Opens a page; fails for whatever the browser complains about, and for whatever it asks the network for. */
const open = async (file: string, over: { width?: number; colorScheme?: 'light' | 'dark' } = {}) => {
  const { width = 1280, colorScheme = 'light' } = over;
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) complaints.push(`asks for ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href);
  return { page, complaints };
};

const violationsOf = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
};

describe('the report in a browser', () => {
  it.each(Object.keys(allIncidents))(
    '%s is told without a complaint, in both themes and three widths',
    async (name) => {
      const file = await pageOf(allIncidents[name] as Story);
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [375, 768, 1280]) {
          const { page, complaints } = await open(file, { width, colorScheme });
          expect(complaints).toEqual([]);
          // Nothing is wider than the screen.
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
          // Both themes and both layouts; what is closed is read too.
          if (width === 1280 || (width === 375 && colorScheme === 'light')) {
            await page.evaluate(
              "document.querySelectorAll('details').forEach((each) => { each.open = true; })",
            );
            expect(await violationsOf(page)).toEqual([]);
          }
          await page.close();
        }
      }
    },
  );

  it('draws every line, band and mark', async () => {
    const { page } = await open(await pageOf(allIncidents['packet-loss'] as Story));
    const article = page.locator('article').first();
    expect(await article.locator('h3').innerText()).toBe('web-frontend');
    // Works and in service, with and without Holdfast, over what is needed.
    expect(await article.locator('.wide .line path').count()).toBe(4);
    expect(await article.locator('.wide .area path').count()).toBe(1);
    expect(await article.locator('.wide .bar rect').count()).toBeGreaterThanOrEqual(3);
    expect(await article.locator('.wide .dot path').count()).toBeGreaterThan(5);
  });

  it('leads from a band of the chart to the line of the timeline, by keyboard too', async () => {
    const { page } = await open(await pageOf(allIncidents['packet-loss'] as Story));
    const held = page
      .locator('article')
      .first()
      .locator('.wide a')
      .filter({ has: page.locator('rect') })
      .last();
    await held.focus();
    await page.keyboard.press('Enter');
    const target = page.locator('.timeline > li:target');
    expect(await target.count()).toBe(1);
    expect(await target.getAttribute('data-who')).toBe('HOLDFAST');
  });

  it('shows in the charts the moment of the line that is pointed at', async () => {
    const { page } = await open(await pageOf(allIncidents['packet-loss'] as Story));
    const cursor = page.locator('figure .cursor').first();
    expect(await cursor.isHidden()).toBe(true);
    await page.locator('.timeline > li').nth(20).hover();
    expect(await cursor.isHidden()).toBe(false);
  });

  it('is complete on paper', async () => {
    const { page } = await open(await pageOf(allIncidents['packet-loss'] as Story));
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('figure .wide').first().isVisible()).toBe(true);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.length).toBeGreaterThan(20_000);
  });

  it('is at most 2 MB for five hundred groups', async () => {
    const file = await pageOf(hourOfPacketLoss(500));
    expect(readFileSync(file).length).toBeLessThan(2 * 1024 * 1024);
    const { page, complaints } = await open(file);
    expect(complaints).toEqual([]);
    expect(await page.locator('tbody').count()).toBeGreaterThanOrEqual(500);
  }, 120_000);
});
