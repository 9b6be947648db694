import { writeFileSync } from 'node:fs';
import { policyJsonSchema } from '../functions/events/policy.ts';

writeFileSync(
  new URL('../infra/policy.schema.json', import.meta.url),
  `${JSON.stringify(policyJsonSchema(), null, 2)}\n`,
);
