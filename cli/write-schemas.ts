import { writeFileSync } from 'node:fs';
import { policyJsonSchema } from '../functions/events/policy.ts';
import { storyJsonSchema } from '../rehearsal/story-file.ts';

/** The schemas of what people write, for their editors. */
const schemas = {
  '../infra/policy.schema.json': policyJsonSchema(),
  '../rehearsal/stories/story.schema.json': storyJsonSchema(),
};
for (const [file, schema] of Object.entries(schemas)) {
  writeFileSync(new URL(file, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
}
