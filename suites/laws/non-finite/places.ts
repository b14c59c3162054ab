/** Where an element of a tensor stands: its token, its document, its heads and channels. */
import { type Document, documentsOfSource } from "../../../impls/documents.js";
import type { Problem } from "../../../impls/operator.js";

/** The index along each axis of a flat C-order index; of an axis that stands twice the first. */
export function coordinatesOf(
  axes: readonly string[],
  shape: readonly number[],
  flat: number,
): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (let a = axes.length - 1, rest = flat; a >= 0; rest = Math.floor(rest / shape[a]), a--)
    found[axes[a]] = rest % shape[a];
  return found;
}

/** The documents of each row; one of the whole length where a problem has none. */
export function documentRows({ dims, inputs }: Problem): readonly (readonly Document[])[] {
  if (inputs.documents) return documentsOfSource(inputs.documents);
  const { batch, length = 1 } = dims as Readonly<Record<string, number>>;
  return Array.from({ length: batch }, () => [{ start: 0, end: length, id: 0 }]);
}
