import * as z from 'zod/mini';

/** Tags and their values. None at all would mean every group that opted in, which nobody should ask for by leaving something out. */
export const tagsSchema = z
  .record(z.string().check(z.minLength(1)), z.string())
  .check(z.refine((tags) => Object.keys(tags).length > 0, 'at least one tag and its value'));

/** A name that AWS could have given: no control characters, and well formed, so that it fits into every key and link. */
const isWritable = (name: string): boolean => name.isWellFormed() && !/\p{Cc}/u.test(name);

/** Names in one input: as many as an item of the table holds. */
const namesMax = 1000;

/** A name, or a list of names, of at most 255 characters each; parsed to a list. */
export const oneNameOrSeveral = () => {
  const name = z
    .string()
    .check(z.minLength(1), z.maxLength(255), z.refine(isWritable, 'a name without control characters'));
  return z.union(
    [
      z.pipe(
        name,
        z.transform((only) => [only]),
      ),
      z.array(name).check(z.minLength(1), z.maxLength(namesMax)),
    ],
    'a name, or a list of names',
  );
};
