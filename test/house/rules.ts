import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import type { Global, Import, Module } from './read-module.ts';

/** Something that a rule of the house forbids. */
export interface Leak {
  rule: string;
  file: string;
  line: number;
  what: string;
}

/** An import with the file it leads to; a package is its own name. */
type Resolved = Import & { target: string };

/** A rule: what it is about, and what in it is not allowed. */
interface Rule {
  name: string;
  isAbout: (file: string) => boolean;
  forbidsImport?: (imported: Resolved, file: string) => boolean;
  forbidsGlobal?: (used: Global, file: string) => boolean;
}

const isIn = (folder: string) => (file: string) => file.startsWith(`${folder}/`);
const isOurs = isIn('functions');

/** `functions/tasks/holds/apply-hold.ts` is in the room `holds` of its floor. */
const roomOf = (file: string): string | undefined =>
  /^functions\/(?:domain|tasks)\/([^/]+)\//.exec(file)?.[1];

/** Libraries whose values are as pure as the rules are: the same input, the same output. */
const purePackages: Record<string, 'everything' | string[]> = {
  croner: 'everything',
  'zod/mini': 'everything',
  'node:crypto': ['createHash'],
};

const isPure = ({ target, names }: Resolved): boolean => {
  if (isIn('functions/domain')(target)) return true;
  const allowed = Object.hasOwn(purePackages, target) ? purePackages[target] : undefined;
  if (allowed === undefined) return false;
  return allowed === 'everything' || (names.length > 0 && names.every((name) => allowed.includes(name)));
};

/** `Math` is pure but for one property, and so only with the property beside it, and dates are a rule of their own but for the one that is a clock. */
const isImpure = ({ name }: Global): boolean =>
  ['Math', 'Math.random', 'Date.now'].includes(name) || !/^(Math|Date)\b/.test(name);

/** Clocks, timers, dice, files and the environment come from Node's own modules. */
const isOfNode = ({ target }: Resolved): boolean => target.startsWith('node:') || isBuiltin(target);

const timesFile = 'functions/domain/times.ts';
const clockFile = 'functions/clock.ts';
const configFile = 'functions/lambda/config.ts';

/** The rules of the house, in the words of CONTRIBUTING.md. */
const rules: Rule[] = [
  {
    name: 'domain/ imports only itself, types of others, croner, zod/mini and hashing',
    isAbout: isIn('functions/domain'),
    forbidsImport: (imported) => !imported.isType && !isPure(imported),
  },
  {
    name: 'domain/, tasks/ and events/ use no clock, no randomness, no environment and no timer of their own',
    isAbout: (file) => ['domain', 'tasks', 'events'].some((folder) => isIn(`functions/${folder}`)(file)),
    forbidsGlobal: isImpure,
    forbidsImport: (imported) => !imported.isType && isOfNode(imported) && !isPure(imported),
  },
  {
    name: 'only domain/times.ts parses dates and makes them',
    isAbout: (file) => isOurs(file) && file !== timesFile && file !== clockFile,
    forbidsGlobal: ({ name }) => name.split('.')[0] === 'Date',
  },
  {
    name: 'only lambda/config.ts reads the environment',
    isAbout: (file) => isOurs(file) && file !== configFile,
    forbidsGlobal: ({ name }) => name.split('.')[0] === 'process',
    forbidsImport: ({ target }) => /^(node:)?process$/.test(target),
  },
  {
    name: 'draining and resizing never import each other',
    isAbout: (file) => ['drain', 'resize'].includes(roomOf(file) ?? ''),
    forbidsImport: ({ target }, file) => roomOf(target) === (roomOf(file) === 'drain' ? 'resize' : 'drain'),
  },
  {
    name: 'holds import neither draining nor resizing',
    isAbout: (file) => roomOf(file) === 'holds',
    forbidsImport: ({ target }) => ['drain', 'resize'].includes(roomOf(target) ?? ''),
  },
  {
    name: 'tasks/ reach AWS through aws/ and the store, and know no SDK, no middleware and no Lambda',
    isAbout: isIn('functions/tasks'),
    forbidsImport: ({ target }) =>
      /^(@aws-sdk|@middy|@smithy|aws-lambda|node:process|process)(\/|$)/.test(target) ||
      isIn('functions/lambda')(target) ||
      isIn('functions/handlers')(target),
  },
  {
    name: 'events/ and state/ import domain/ only',
    isAbout: (file) => isIn('functions/events')(file) || isIn('functions/state')(file),
    forbidsImport: ({ target, isType }, file) =>
      isOurs(target) &&
      !isIn('functions/domain')(target) &&
      !isIn(posix.dirname(file))(target) &&
      !(isType && target === clockFile),
  },
  {
    name: 'events/ parses, and calls no AWS',
    isAbout: isIn('functions/events'),
    forbidsImport: ({ target }) => target.startsWith('@aws-sdk/'),
  },
  {
    name: 'aws/ imports domain/ only',
    isAbout: isIn('functions/aws'),
    forbidsImport: ({ target }) =>
      isOurs(target) && !isIn('functions/domain')(target) && !isIn('functions/aws')(target),
  },
  {
    name: 'an import names its file, and no code is made of text',
    isAbout: isOurs,
    forbidsImport: ({ target }) => target === 'an expression' || target === 'node:module',
    forbidsGlobal: ({ name }) => ['eval', 'require'].includes(name),
  },
  {
    name: 'nothing imports a handler',
    isAbout: isOurs,
    forbidsImport: ({ target }) => isIn('functions/handlers')(target),
  },
  {
    name: 'nothing under functions/ knows the rehearsal, the command line, the tests or the conformance stories',
    isAbout: isOurs,
    forbidsImport: ({ target }) =>
      ['rehearsal', 'cli', 'test', 'conformance', 'infra'].some((folder) => isIn(folder)(target)),
  },
];

/** The file that an import of a file leads to. */
const targetOf = (specifier: string, file: string): string =>
  specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier;

/** What the rules find in one module. */
export const leaksIn = (file: string, { imports, globals }: Module): Leak[] =>
  rules
    .filter(({ isAbout }) => isAbout(file))
    .flatMap(({ name: rule, forbidsImport, forbidsGlobal }): Leak[] => [
      ...imports
        .map((each) => ({ ...each, target: targetOf(each.specifier, file) }))
        .filter((imported) => forbidsImport?.(imported, file) === true)
        .map(({ line, target, isType }) => ({
          rule,
          file,
          line,
          what: `imports ${isType ? 'types of ' : ''}${target}`,
        })),
      ...globals
        .filter((used) => forbidsGlobal?.(used, file) === true)
        .map(({ line, name }) => ({ rule, file, line, what: `uses ${name}` })),
    ]);

/** The circles of a graph of imports, each told once, as the files along it. */
export const circlesIn = (imports: Map<string, string[]>): string[][] => {
  const circles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      circles.push([...path.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return circles;
};

/** The files that a module imports, types included. */
export const importsOf = (file: string, { imports }: Module): string[] =>
  imports.map(({ specifier }) => targetOf(specifier, file)).filter(isOurs);
