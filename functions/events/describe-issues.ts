import * as z from 'zod/v4/core';
import { bounded } from '../domain/bounded.ts';
import { didYouMean, nearestOf } from './nearest.ts';

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

const spoken = (value: unknown): string => {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string' && value.length > 100)
    return `${JSON.stringify(value.slice(0, 100).toWellFormed())}… (${value.length} characters)`;
  return bounded(JSON.stringify(value) ?? String(value));
};

/** In which words a value is spoken of, and where a field of it stands. */
export interface IssueSource {
  /** Names the field at a path. */
  fieldName?: (path: Path) => string;
  /** Where the value at a path stands, or its key: `policy.yml:12:7: `. */
  positionOf?: (path: Path, isKey: boolean) => string;
  /** How the value at a path is written, to the letter. */
  textOf?: (path: Path) => string | undefined;
  language?: 'JSON' | 'YAML';
}

const typeWords: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
};

/** What is allowed where a value is of another type, in the words of the language it is written in. */
const allowedType = (
  expected: string,
  found: unknown,
  language: 'JSON' | 'YAML',
  written: string,
  fields: string[],
): string => {
  if (expected === 'object' || expected === 'record') {
    if (language === 'JSON') return 'an object';
    return fields.length === 0
      ? 'a name and a value, such as "tier: web"'
      : `the field${fields.length === 1 ? '' : 's'} ${fields.join(', ')}, indented on the next line${fields.length === 1 ? '' : 's'}`;
  }
  const word = typeWords[expected] ?? expected;
  if (expected === 'string' && (typeof found === 'number' || typeof found === 'boolean')) {
    return `${word}; quote it: "${written}"`;
  }
  const isQuoted = typeof found === 'string' && expected !== 'string' && expected !== 'array';
  return isQuoted ? `${word}, without quotes` : word;
};

/** The fields that a value may have. */
const fieldsAt = (schema: z.$ZodType, path: Path, root: unknown): string[] =>
  Object.keys(schemaAt(schema, path, root)?.properties ?? {});

const unitsOf = (number: number, origin: string): string => {
  const units: Record<string, [string, string]> = {
    string: ['character', 'characters'],
    array: ['entry', 'entries'],
  };
  const [one, more] = units[origin] ?? ['', ''];
  return `${number} ${number === 1 ? one : more}`.trim();
};

/** What is allowed where an issue was found, in a few words. */
const allowed = (
  schema: z.$ZodType,
  issue: z.$ZodIssue,
  root: unknown,
  language: 'JSON' | 'YAML',
  textOf: (path: Path) => string | undefined,
): string => {
  const found = valueAt(root, issue.path);
  const written = textOf(issue.path) ?? (typeof found === 'object' ? '' : String(found));
  const oneOf = (values: readonly unknown[]): string =>
    `${values.map((value) => JSON.stringify(value)).join(' or ')}${typeof found === 'string' ? didYouMean(found, values.map(String)) : ''}`;
  switch (issue.code) {
    case 'invalid_union': {
      const values = discriminators(
        schemaAt(schema, issue.path.slice(0, -1), root),
        String(issue.path.at(-1)),
      );
      if (values.length > 0) return oneOf(values);
      return typeof found === 'number' || typeof found === 'boolean'
        ? `${issue.message}; quote it: "${written}"`
        : issue.message;
    }
    case 'invalid_value':
      return oneOf(issue.values);
    case 'invalid_type':
      // What the schema says itself says more than the name of a type.
      return issue.message.startsWith('Invalid input')
        ? allowedType(issue.expected, found, language, written, fieldsAt(schema, issue.path, root))
        : issue.message;
    case 'too_small':
      return `at least ${unitsOf(Number(issue.minimum), issue.origin)}`;
    case 'too_big':
      return `at most ${unitsOf(Number(issue.maximum), issue.origin)}`;
    case 'invalid_key':
      return 'a name of 1 to 128 characters';
    default:
      return issue.message;
  }
};

/** One mistake: an issue, of unknown fields each for itself. */
interface Mistake {
  path: Path;
  /** The value, with the words that were most likely meant. */
  root: unknown;
  /** The name of an unknown field. */
  unknownKey?: string;
  issue: z.$ZodIssue;
}

/** Of a value that may have one of several shapes, what is wrong in the shape that it nearly has. */
const nearestShape = (issue: z.$ZodIssueInvalidUnion): z.$ZodIssue[] => {
  const within = issue.errors.find((errors) =>
    errors.some(
      ({ path, code }) => path.length > 0 || code === 'too_small' || code === 'too_big' || code === 'custom',
    ),
  );
  return (within ?? []).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
};

/** A copy of a value with another one at a path. */
const withValueAt = (root: unknown, path: Path, value: unknown): unknown => {
  const copy = structuredClone(root);
  const parent = valueAt(copy, path.slice(0, -1));
  if (typeof parent === 'object' && parent !== null) Reflect.set(parent, path.at(-1) ?? '', value);
  return copy;
};

const isWithin = (path: Path, outer: Path): boolean => outer.every((key, index) => path[index] === key);

/**
 * The issues behind one: of a union those of the shape that was most likely meant, so that a wrong word does not hide what
 * else is wrong.
 */
const issuesBehind = (schema: z.$ZodType, issue: z.$ZodIssue, root: unknown): Mistake[] => {
  const asIs = (issues: z.$ZodIssue[]): Mistake[] =>
    issues.map((each) => ({ path: each.path, issue: each, root }));
  if (issue.code !== 'invalid_union') return asIs([issue]);
  const parent = issue.path.slice(0, -1);
  const values = discriminators(schemaAt(schema, parent, root), String(issue.path.at(-1)));
  if (values.length === 0) {
    const nearer = nearestShape(issue);
    return asIs(nearer.length > 0 ? nearer : [issue]);
  }
  const found = valueAt(root, issue.path);
  const meant = typeof found === 'string' ? nearestOf(found, values.map(String)) : undefined;
  if (meant === undefined) return asIs([issue]);
  const corrected = withValueAt(root, issue.path, meant);
  const parsed = z.safeParse(schema, corrected);
  const others = parsed.success ? [] : parsed.error.issues.filter(({ path }) => isWithin(path, parent));
  return [
    ...asIs([issue]),
    ...others.map((other): Mistake => ({ path: other.path, issue: other, root: corrected })),
  ];
};

/** The mistakes behind issues, without those that only follow from another one; of one field the first. */
const mistakesIn = (schema: z.$ZodType, issues: readonly z.$ZodIssue[], root: unknown): Mistake[] => {
  const mistakes = issues
    .flatMap((issue) => issuesBehind(schema, issue, root))
    .flatMap((mistake): Mistake[] => {
      const { issue } = mistake;
      return issue.code === 'unrecognized_keys'
        ? issue.keys.map((unknownKey) => ({ ...mistake, unknownKey }))
        : [mistake];
    });
  const around = ({ path }: Mistake): string => JSON.stringify(path.slice(0, -1));
  const missing = mistakes.filter(
    ({ path, unknownKey }) =>
      unknownKey === undefined && path.length > 0 && valueAt(root, path) === undefined,
  );
  const unknown = mistakes.filter(({ unknownKey }) => unknownKey !== undefined);
  const unknownAt = (place: string): Mistake[] =>
    unknown.filter(({ path }) => JSON.stringify(path) === place);
  const isConsequence = (mistake: Mistake): boolean => {
    const { path, unknownKey, issue } = mistake;
    // A rule between fields cannot hold where one of them is misspelt.
    if (unknownKey === undefined && issue.code === 'custom' && unknownAt(JSON.stringify(path)).length > 0)
      return true;
    if (!missing.includes(mistake)) return false;
    // Whoever wrote a field that there is not wrote it instead of the one that is missing beside it.
    const beside = unknownAt(around(mistake));
    return (
      beside.some(
        (each) => nearestOf(each.unknownKey ?? '', fieldsAt(schema, each.path, each.root)) === path.at(-1),
      ) || missing.filter((each) => around(each) === around(mistake)).length <= beside.length
    );
  };
  const told = new Set<string>();
  return mistakes.filter((mistake) => {
    const { path, unknownKey } = mistake;
    const field = JSON.stringify(unknownKey === undefined ? path : [...path, unknownKey]);
    if (isConsequence(mistake) || told.has(field)) return false;
    told.add(field);
    return true;
  });
};

/**
 * Says what is wrong with a value: where, the field, what was found, what is allowed, and what was most likely meant. One
 * line per mistake.
 *
 * @param schema the schema the value failed
 * @param error what the schema said
 * @param root the value
 * @param source how its fields are named, where they stand, and in which language
 */
export const describeIssues = (
  schema: z.$ZodType,
  error: z.$ZodError,
  root: unknown,
  source: IssueSource = {},
): string => {
  const {
    fieldName = (path: Path) => path.map(String).join('.') || 'the value itself',
    positionOf = () => '',
    textOf = () => undefined,
    language = 'JSON',
  } = source;
  const fieldOf = (path: Path): string => bounded(fieldName(path), 200);
  const mistakes = mistakesIn(schema, error.issues, root);
  const lines = mistakes.slice(0, issuesShown).map((mistake) => {
    const { path, unknownKey, issue } = mistake;
    if (unknownKey === undefined) {
      return `${positionOf(path, false)}${fieldOf(path)}: found ${spoken(valueAt(root, path))}; allowed: ${allowed(schema, issue, mistake.root, language, textOf)}`;
    }
    const known = fieldsAt(schema, path, mistake.root);
    return `${positionOf([...path, unknownKey], true)}${fieldOf(path)}: found the unknown field ${bounded(unknownKey)}; allowed: one of ${known.join(', ')}${didYouMean(unknownKey, known)}`;
  });
  const left = mistakes.length - lines.length;
  return [...lines, ...(left > 0 ? [`and ${left} more`] : [])].join('\n');
};
