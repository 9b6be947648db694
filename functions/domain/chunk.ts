/** Cuts a list into pieces of at most `size`, in order. */
export const chunk = <Item>(items: Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

/** Cuts a list into pieces of at most so many characters of JSON, in order; an item larger than that is alone. */
export const chunkBySize = <Item>(items: Item[], charactersMax: number): Item[][] => {
  const pieces: Item[][] = [];
  let room = 0;
  for (const item of items) {
    const size = JSON.stringify(item).length;
    const piece = pieces.at(-1);
    if (piece === undefined || size > room) {
      pieces.push([item]);
      room = charactersMax - size;
    } else {
      piece.push(item);
      room -= size;
    }
  }
  return pieces;
};
