import * as z from 'zod/v4/core';
import { bounded } from '../domain/bounded.ts';

type Path = readonly PropertyKey[];

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    root,
  );

type Node = z.JSONSchema.BaseSchema;

/** Of several shapes, the one whose fixed fields the value has: the rule of its remediation. */
const shapeOf = (node: Node | undefined, value: unknown): Node | undefined =>
  (node?.oneOf ?? node?.anyOf ?? []).find((shape): shape is Node =>
    Object.entries((shape as Node).properties ?? {}).some(
      ([key, field]) =>
        typeof field === 'object' && field.const !== undefined && field.const === valueAt(value, [key]),
    ),
  ) ?? node;

/** The JSON Schema of the value at a path, as far as plain properties and arrays lead. */
const schemaAt = (schema: z.$ZodType, path: Path, root: unknown): Node | undefined =>
  path.reduce<Node | undefined>(
    (node, key, index) => {
      const next = typeof key === 'number' ? node?.items : node?.properties?.[String(key)];
      return typeof next === 'object' && !Array.isArray(next)
        ? shapeOf(next, valueAt(root, path.slice(0, index + 1)))
        : undefined;
    },
    z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
  );

/** The values a field may have in the shapes of a union that it tells apart. */
const discriminators = (node: Node | undefined, field: string): unknown[] =>
  (node?.oneOf ?? node?.anyOf ?? []).flatMap((shape) => {
    const known = (shape as Node).properties?.[field];
    return typeof known === 'object' && known.const !== undefined ? [known.const] : [];
  });

/** Issues shown: whoever made more mends these first. */
const issuesShown = 20;
/** Unknown fields named. */
const keysShown = 5;

const spoken = (value: unknown): string =>
  value === undefined ? 'nothing' : bounded(JSON.stringify(value) ?? String(value));

const spokenKeys = (keys: readonly string[]): string =>
  [
    ...keys.slice(0, keysShown).map((key) => bounded(key)),
    ...(keys.length > keysShown ? [`and ${keys.length - keysShown} more`] : []),
  ].join(', ');

/** What is allowed where an issue was found, in a few words. */
const allowed = (schema: z.$ZodType, issue: z.$ZodIssue, root: unknown): string => {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `one of ${Object.keys(schemaAt(schema, issue.path, root)?.properties ?? {}).join(', ')}`;
    case 'invalid_union': {
      const values = discriminators(
        schemaAt(schema, issue.path.slice(0, -1), root),
        String(issue.path.at(-1)),
      );
      return values.length === 0 ? issue.message : values.map((value) => JSON.stringify(value)).join(' or ');
    }
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'invalid_type':
      // What the schema says itself says more than the name of a type.
      return issue.message.startsWith('Invalid input') ? `a value of type ${issue.expected}` : issue.message;
    case 'too_small':
      return `at least ${issue.minimum}${issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : ''}`;
    case 'too_big':
      return `at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : ''}`;
    default:
      return issue.message;
  }
};

/**
 * Says what is wrong with a value: the field, what was found, what is allowed. One line per issue.
 *
 * @param schema the schema the value failed
 * @param error what the schema said
 * @param root the value
 * @param fieldName names the field at a path
 */
export const describeIssues = (
  schema: z.$ZodType,
  error: z.$ZodError,
  root: unknown,
  fieldName: (path: Path) => string = (path) => path.map(String).join('.') || 'the value itself',
): string => {
  const fieldOf = (path: Path): string => bounded(fieldName(path), 200);
  const lines = error.issues.slice(0, issuesShown).map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return `${fieldOf(issue.path)}: found the unknown ${issue.keys.length === 1 ? 'field' : 'fields'} ${spokenKeys(issue.keys)}; allowed: ${allowed(schema, issue, root)}`;
    }
    return `${fieldOf(issue.path)}: found ${spoken(valueAt(root, issue.path))}; allowed: ${allowed(schema, issue, root)}`;
  });
  const left = error.issues.length - lines.length;
  return [...lines, ...(left > 0 ? [`and ${left} more`] : [])].join('\n');
};
