import { stripTypeScriptTypes } from 'node:module';
import { type AnyNode, type Pattern, parse } from 'acorn';
import { ancestor, base } from 'acorn-walk';

/** One import of a module: of values, or of nothing but types. */
export interface Import {
  specifier: string;
  isType: boolean;
  /** What is imported, as the other module calls it; none for a whole module or a dynamic import. */
  names: string[];
  line: number;
}

/** A global that a module uses, with the property it takes of it where it takes one: `Date.now`, `process.env`. */
export interface Global {
  name: string;
  line: number;
}

/** What one module takes from outside. */
export interface Module {
  imports: Import[];
  globals: Global[];
}

/** Globals that make the same call give another answer, or reach outside. */
const impure: ReadonlySet<string> = new Set([
  'Date',
  'AbortSignal',
  'Math',
  'Temporal',
  'console',
  'crypto',
  'eval',
  'fetch',
  'global',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'require',
  'setImmediate',
  'setInterval',
  'setTimeout',
]);

const namesIn = (pattern: Pattern | null): string[] => {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        namesIn(property.type === 'RestElement' ? property.argument : property.value),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap(namesIn);
    case 'AssignmentPattern':
      return namesIn(pattern.left);
    case 'RestElement':
      return namesIn(pattern.argument);
    default:
      return [];
  }
};

type FunctionNode = Extract<
  AnyNode,
  { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }
>;

const isFunction = (node: AnyNode): node is FunctionNode =>
  ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type);

/** Names that a function, or the module, declares itself; what a function within it declares is that one's. */
const declaredIn = (scope: AnyNode): Set<string> => {
  const names = new Set<string>(isFunction(scope) ? scope.params.flatMap(namesIn) : []);
  ancestor(scope, {
    VariableDeclarator: (node, _state, ancestors) => {
      const inner = ancestors.slice(1).some((each) => each !== scope && isFunction(each as AnyNode));
      if (!inner) for (const name of namesIn(node.id)) names.add(name);
    },
    ImportDeclaration: ({ specifiers }) => {
      for (const { local } of specifiers) names.add(local.name);
    },
  });
  return names;
};

/** Types that are taken where they are used: `import('./resize-record.ts').Resize`. */
const inlineTypeImports = (source: string, isValue: (line: number) => boolean): Import[] =>
  [...source.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)]
    .map(({ 1: specifier = '', index }) => ({
      specifier,
      isType: true,
      names: [],
      line: source.slice(0, index).split('\n').length,
    }))
    .filter(({ line }) => !isValue(line));

const typeImports = (source: string, isValue: (line: number) => boolean): Import[] =>
  [...source.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)';/gm)]
    .map(({ 0: text, 1: specifier = '', index }) => ({
      specifier,
      isType: true,
      names: [...text.matchAll(/\btype (\w+)/g)].map(([, name = '']) => name),
      line: source.slice(0, index).split('\n').length,
    }))
    .filter(({ line }) => !isValue(line));

/**
 * Reads what a module takes from outside: its imports and its globals, each with its line.
 *
 * @param source TypeScript
 */
export const readModule = (source: string): Module => {
  const tree = parse(stripTypeScriptTypes(source), {
    ecmaVersion: 'latest',
    sourceType: 'module',
    locations: true,
  });
  const imports: Import[] = [];
  const globals: Global[] = [];
  const lineOf = (node: AnyNode): number => node.loc?.start.line ?? 0;
  const declared = new Map<AnyNode, Set<string>>();
  const declares = (scope: AnyNode, name: string): boolean => {
    const known = declared.get(scope) ?? declaredIn(scope);
    declared.set(scope, known);
    return known.has(name);
  };
  ancestor(
    tree,
    {
      ImportDeclaration: (node) => {
        imports.push({
          specifier: String(node.source.value),
          isType: false,
          names: node.specifiers.flatMap((each) =>
            each.type === 'ImportSpecifier' && each.imported.type === 'Identifier'
              ? [each.imported.name]
              : [],
          ),
          line: lineOf(node),
        });
      },
      ImportExpression: (node) => {
        const { source: from } = node;
        const specifier = from.type === 'Literal' ? String(from.value) : 'an expression';
        imports.push({ specifier, isType: false, names: [], line: lineOf(node) });
      },
      ExportNamedDeclaration: (node) => {
        if (typeof node.source?.value === 'string') {
          imports.push({ specifier: node.source.value, isType: false, names: [], line: lineOf(node) });
        }
      },
      ExportAllDeclaration: (node) => {
        imports.push({
          specifier: String(node.source.value),
          isType: false,
          names: [],
          line: lineOf(node),
        });
      },
      Identifier: (node, _state, ancestors) => {
        if (!impure.has(node.name)) return;
        const scopes = ancestors.filter(
          (each) => isFunction(each as AnyNode) || (each as AnyNode).type === 'Program',
        ) as AnyNode[];
        if (scopes.some((scope) => declares(scope, node.name))) return;
        const parent = ancestors.at(-2) as AnyNode | undefined;
        const property =
          parent?.type === 'MemberExpression' &&
          parent.object === node &&
          !parent.computed &&
          parent.property.type === 'Identifier'
            ? `.${parent.property.name}`
            : '';
        globals.push({ name: `${node.name}${property}`, line: lineOf(node) });
      },
    },
    base,
  );
  const valueLines = new Set(imports.map(({ line }) => line));
  const isValue = (line: number): boolean => valueLines.has(line);
  return {
    imports: [...imports, ...typeImports(source, isValue), ...inlineTypeImports(source, isValue)],
    globals,
  };
};
