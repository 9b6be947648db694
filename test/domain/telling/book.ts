import { expect } from 'vitest';

/** Facts for each word of a union: the compiler asks for every word, so that no sentence is forgotten. */
export type Each<Facts extends { because: string }> = {
  [Because in Facts['because']]: (Facts & { because: Because })[];
};

/** Every fact of a table, with its sentence. */
export const told = <Facts extends { because: string }>(
  facts: Each<Facts>,
  tell: (fact: Facts) => string | string[],
): string[] =>
  Object.values<Facts[]>(facts)
    .flat()
    .flatMap((fact) => [`${fact.because}: ${[tell(fact)].flat().join('\n  ') || '(nothing)'}`]);

/**
 * Compares sentences with a page in test/fixtures/sentences, which is there to be read aloud. After a change of words run
 * `npm run test:unit -- test/domain/telling --update`, and read what changed.
 */
export const expectPage = (page: string, sections: Record<string, string[]>): Promise<void> =>
  expect(
    `${Object.entries(sections)
      .map(([title, lines]) => [`# ${title}`, '', ...lines].join('\n'))
      .join('\n\n')}\n`,
  ).toMatchFileSnapshot(`../../fixtures/sentences/${page}.txt`);
