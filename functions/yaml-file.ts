import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type YAMLError } from 'yaml';

/** A YAML file as it was read, and where its fields stand in it. */
export interface YamlFile {
  value: unknown;
  /** Where the value at a path stands, or its key: `policy.yml:12:7: `; of what is missing where the field around it does. */
  positionOf: (path: readonly PropertyKey[], isKey: boolean) => string;
  /** How the value at a path is written, to the letter; `undefined` where it is no single word. */
  textOf: (path: readonly PropertyKey[]) => string | undefined;
}

const quoteStar = 'a value that begins with * has to be in quotes, as in "*-packet-loss"';

/** What is to be done about what the parser found, where its own words do not say so. */
const remedyOf = ({ code, message }: YAMLError): string => {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'tabs do not indent in YAML; use spaces';
    case 'BAD_ALIAS':
      return quoteStar;
    case 'MULTIPLE_DOCS':
      return 'one document in a file; remove the line ---';
    case 'DUPLICATE_KEY':
      return 'a field stands twice here; keep one of them';
    default:
      return `${message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}; look at the indentation of this line and of the line before it`;
  }
};

/**
 * Parses a YAML text.
 *
 * @param source its name, for positions
 * @throws Error whose message says the line, the column and what to do
 */
export const parseYamlFile = (text: string, source: string): YamlFile => {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, merge: true });
  const [error] = document.errors;
  const at = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `${source}:${line}:${col}: `;
  };
  if (error !== undefined) throw new Error(`${at(error.pos[0])}${remedyOf(error)}`, { cause: error });
  const offsetOf = (path: readonly PropertyKey[], isKey: boolean): number | undefined => {
    const parent: unknown = path.length === 0 ? undefined : document.getIn(path.slice(0, -1), true);
    const pair = isMap(parent)
      ? parent.items.find((item) => isPair(item) && String(item.key) === String(path.at(-1)))
      : undefined;
    const node: unknown = isKey || isMap(pair?.value) ? pair?.key : document.getIn(path, true);
    if (isNode(node) && node.range) return node.range[0];
    return path.length === 0 ? 0 : offsetOf(path.slice(0, -1), isKey);
  };
  let value: unknown;
  try {
    value = document.toJS();
    JSON.stringify(value);
  } catch (cause) {
    const star = Math.max(0, text.search(/(?<=[\s[,-])\*\w/));
    throw new Error(`${at(star)}this refers to something that is not there, or to itself; ${quoteStar}`, {
      cause,
    });
  }
  return {
    value,
    textOf: (path) => {
      const node: unknown = document.getIn(path, true);
      return isScalar(node) ? node.source : undefined;
    },
    positionOf: (path, isKey) => {
      const offset = offsetOf(path, isKey);
      if (offset === undefined) return '';
      return at(offset);
    },
  };
};
