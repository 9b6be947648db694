import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fault, faults } from './faults.ts';

/** What has to be in a copy of the checkout for it to be packaged and told stories. */
const copied = [
  'cli',
  'functions',
  'rehearsal',
  'report',
  'statemachines',
  'infra',
  'conformance',
  'serverless.yml',
  'package.json',
  'tsconfig.json',
];

/** @throws Error when the fault does not fit the code any more */
const plant = (folder: string, { file, find, replace, what }: Fault): void => {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(
      `${file} has ${parts.length - 1} places for the fault "${what}"; mend conformance/faults.ts`,
    );
  }
  writeFileSync(path, parts.join(replace));
};

/** Whether the story of a fault fails when the fault is in the product. */
const isNoticed = (fault: Fault): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-fault-'));
  try {
    for (const name of copied) cpSync(name, join(folder, name), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
    plant(folder, fault);
    const told = spawnSync(process.execPath, ['conformance/run.ts', fault.story], {
      cwd: folder,
      encoding: 'utf8',
    });
    for (const line of told.stdout.split('\n').filter((each) => each.includes('FAIL'))) {
      console.log(line.slice(0, 200));
    }
    // A stage that cannot be deployed any more shows nothing about the story.
    return told.status === 1 && told.stdout.includes('deployed:');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const wanted = process.argv.slice(2);
const chosen = faults.filter(({ story }) => wanted.length === 0 || wanted.includes(story));
const missed: Fault[] = [];
for (const fault of chosen) {
  console.log(`${fault.story}: ${fault.what}`);
  const noticed = isNoticed(fault);
  if (!noticed) missed.push(fault);
  console.log(noticed ? `  noticed by the story ${fault.story}` : '  NOT NOTICED');
}
console.log(`${chosen.length - missed.length} of ${chosen.length} faults were noticed`);
process.exitCode = missed.length === 0 ? 0 : 1;
