import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { unzipSync } from 'fflate';
import { parse } from 'yaml';
import { loadPolicy } from '../functions/policy.ts';
import type { Story } from '../rehearsal/incident.ts';
import { allIncidents } from '../rehearsal/incidents/all-incidents.ts';
import { hourOfPacketLoss } from '../rehearsal/incidents/hour-of-packet-loss.ts';
import { rehearse } from '../rehearsal/rehearse.ts';
import { measureCommand } from './bench-command.ts';
import { measureResize } from './bench-resize.ts';

const packaged = fileURLToPath(new URL('../.serverless/', import.meta.url));
const root = fileURLToPath(new URL('../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const processesPerFunction = 10;

const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? 0) + high) / 2;
};
const rounded = (value: number): number => Math.round(value * 100) / 100;

/** The bundle everything is compared with: it makes an Auto Scaling client and nothing else. */
const bundleBareClient = async (): Promise<string> => {
  const outfile = join(folder, 'bare.cjs');
  // The same settings as the functions', or the comparison would be of settings.
  const { custom } = parse(readFileSync(join(root, 'serverless.yml'), 'utf8'), { logLevel: 'error' }) as {
    custom: { esbuild: { target: string; mainFields: string[]; minify: boolean } };
  };
  const { target, mainFields, minify } = custom.esbuild;
  await build({
    stdin: {
      contents: `import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
        const client = new AutoScalingClient({});
        export const handler = async () => client;`,
      resolveDir: root,
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target,
    mainFields,
    minify,
  });
  return outfile;
};

/** Unpacks a packaged function and returns the path of its bundle. */
const unpack = (zip: string): string => {
  const files = Object.entries(unzipSync(readFileSync(join(packaged, zip)))).filter(([name]) =>
    name.endsWith('.js'),
  );
  const [file] = files;
  if (file === undefined || files.length > 1)
    throw new Error(`${zip} should hold one bundle, found ${files.length}`);
  const path = join(folder, zip.replace(/\.zip$/, '.cjs'));
  writeFileSync(path, file[1]);
  return path;
};

/** Milliseconds that one fresh process takes to import a bundle. */
const importMilliseconds = (bundle: string): number => {
  const code = `const t = process.hrtime.bigint(); require(${JSON.stringify(bundle)}); console.log(Number(process.hrtime.bigint() - t) / 1e6); process.exit(0);`;
  const { stdout, status, stderr } = spawnSync(process.execPath, ['-e', code], {
    encoding: 'utf8',
    env: { ...process.env, AWS_REGION: 'us-east-1' },
  });
  if (status !== 0) throw new Error(`${bundle} cannot be imported: ${stderr}`);
  return Number(stdout);
};

const measureImports = async () => {
  const zips = readdirSync(packaged).filter((name) => name.endsWith('.zip'));
  const bundles = new Map([['bare', await bundleBareClient()]]);
  for (const zip of zips) bundles.set(zip.replace(/\.zip$/, ''), unpack(zip));
  const times = new Map<string, number[]>([...bundles.keys()].map((name) => [name, []]));
  // In turn, so that a slow moment of the machine hits all alike.
  for (let run = 0; run < processesPerFunction; run += 1) {
    for (const [name, bundle] of bundles) times.get(name)?.push(importMilliseconds(bundle));
  }
  const bare = median(times.get('bare') ?? []);
  return {
    bareAutoScalingClientMilliseconds: rounded(bare),
    functions: [...times]
      .filter(([name]) => name !== 'bare')
      .map(([name, values]) => ({
        name,
        medianMilliseconds: rounded(median(values)),
        timesBare: rounded(median(values) / bare),
      })),
  };
};

const measureRehearsal = async (incident: Story) => {
  const policy = loadPolicy();
  const run = (withHoldfast: boolean) => rehearse({ incident, seed: 1, policy, withHoldfast, dryRun: false });
  const runs = [await run(false), await run(true)];
  const wallMilliseconds = runs.reduce((sum, result) => sum + result.wallMilliseconds, 0);
  const virtualSeconds = runs.reduce((sum, result) => sum + result.virtualSeconds, 0);
  return {
    incident: incident.name,
    storyTwiceMilliseconds: wallMilliseconds,
    millisecondsPerVirtualHour: rounded(wallMilliseconds / (virtualSeconds / 3600)),
  };
};

/** What an hour of packet loss costs in transitions, invocations and writes, counted from a rehearsal. */
const measureCost = async (groups: number) => {
  // One rule alone: what the sweep looks at for others is not the cost of this incident.
  const policy = { rules: loadPolicy().rules.filter((rule) => rule.do === 'pause-scaling') };
  const incident = hourOfPacketLoss(groups);
  const { cost } = await rehearse({
    incident,
    seed: 1,
    policy,
    withHoldfast: true,
    dryRun: false,
    countsCost: true,
  });
  return { incident: incident.title, ...cost };
};

try {
  const rehearsals = [];
  for (const incident of Object.values(allIncidents)) rehearsals.push(await measureRehearsal(incident));
  const costs = [await measureCost(1), await measureCost(500)];
  const command = await measureCommand(500);
  const resize = await measureResize();
  const imports = await measureImports();
  const zips = readdirSync(packaged).filter((name) => name.endsWith('.zip'));
  const packagedBytes = zips.map((name) => ({ name, bytes: statSync(join(packaged, name)).size }));
  process.stdout.write(
    `${JSON.stringify({ node: process.version, imports, rehearsals, costs, command, resize, packagedBytes }, null, 2)}\n`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
