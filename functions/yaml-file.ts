import { isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml';

/** A YAML file as it was read, and where its fields stand in it. */
export interface YamlFile {
  value: unknown;
  /** Where the value at a path stands, or its key: `policy.yml:12:7: `; of what is missing where the field around it does. */
  positionOf: (path: readonly PropertyKey[], isKey: boolean) => string;
}

/**
 * Parses a YAML text.
 *
 * @param source its name, for positions
 * @throws YAMLParseError, whose message says the line and the column
 */
export const parseYamlFile = (text: string, source: string): YamlFile => {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, merge: true });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  const offsetOf = (path: readonly PropertyKey[], isKey: boolean): number | undefined => {
    const parent: unknown = path.length === 0 ? undefined : document.getIn(path.slice(0, -1), true);
    const pair = isMap(parent)
      ? parent.items.find((item) => isPair(item) && String(item.key) === String(path.at(-1)))
      : undefined;
    const node: unknown = isKey || isMap(pair?.value) ? pair?.key : document.getIn(path, true);
    if (isNode(node) && node.range) return node.range[0];
    return path.length === 0 ? 0 : offsetOf(path.slice(0, -1), isKey);
  };
  return {
    value: document.toJS(),
    positionOf: (path, isKey) => {
      const offset = offsetOf(path, isKey);
      if (offset === undefined) return '';
      const { line, col } = lineCounter.linePos(offset);
      return `${source}:${line}:${col}: `;
    },
  };
};
