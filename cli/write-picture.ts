import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadPolicy } from '../functions/policy.ts';
import { packetLoss } from '../rehearsal/incidents/packet-loss.ts';
import { rehearse } from '../rehearsal/rehearse.ts';
import { reportOfRehearsal } from '../report/from-rehearsal.ts';
import { pictureOf } from '../report/picture.ts';

/** The picture of the README: the first group of packet-loss, seed 1. */
export const readmePicture = async (): Promise<string> => {
  const run = (withHoldfast: boolean) =>
    rehearse({ incident: packetLoss, seed: 1, policy: loadPolicy(), withHoldfast, dryRun: false });
  const report = reportOfRehearsal(packetLoss, await run(false), await run(true));
  const [group] = report.groups;
  if (group === undefined) throw new Error('The report has no group');
  return pictureOf(report, group);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/packet-loss.svg', import.meta.url), await readmePicture());
}
