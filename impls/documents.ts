/**
 * Packed documents: several sequences in one row of tokens. An operator that takes them has an input `documents`, (batch length), of whole
 * numbers in f32 whatever the storage type. A run of equal neighbouring ids is one document: 0 0 1 1 0 are three. No token sees one of
 * another document, and no state crosses a border. An initial state belongs to the first document of a row, and only if its id is 0.
 */
import { hashAt, streamKeys } from "./random.js";
import { type GivenTensor, type Reader, readerOf, type TensorSource } from "./tensor.js";

/** The input as an operator declares it, under the name `documents`. */
export const documentsInput = {
  axes: ["batch", "length"],
  optional: true,
  f32: true,
  random: "documents",
} as const;

/** A run of tokens [start, end) of one row. */
export interface Document {
  readonly start: number;
  readonly end: number;
  readonly id: number;
}

/** The documents of each row, in order. */
export function documentsOf(ids: ArrayLike<number>, batch: number, length: number): Document[][] {
  return Array.from({ length: batch }, (_, b) => {
    const row: Document[] = [];
    for (let t = 0, start = 0; t < length; t++) {
      const id = ids[b * length + t];
      if (t + 1 < length && ids[b * length + t + 1] === id) continue;
      row.push({ start, end: t + 1, id });
      start = t + 1;
    }
    return row;
  });
}

/** The same from a problem's input, for references and for kernels that plan by documents. */
export function documentsOfSource(source: TensorSource): Document[][] {
  const [batch, length] = source.shape;
  const { rows, cols, at } = readerOf(source, "f32");
  const ids = Float64Array.from({ length: rows * cols }, (_, i) => at(Math.floor(i / cols), i % cols));
  return documentsOf(ids, batch, length);
}

/**
 * Whether nothing from before token t reaches it: it begins a document, or it is the first of a row whose initial state belongs to a
 * document with another id.
 */
export function beginsAnew(documents: Reader, batch: number, length: number, t: number): boolean {
  const row = batch * length + t;
  return t === 0 ? documents.at(row, 0) !== 0 : documents.at(row, 0) !== documents.at(row - 1, 0);
}

/** Some rows, and a stretch of their tokens. */
export interface Stretch {
  readonly batch0: number;
  readonly batches: number;
  readonly token0: number;
  readonly tokens: number;
}

/** A factor for the past of each token, (batches, tokens): 0 where nothing from before reaches it, else 1. */
export function keptPast(
  source: TensorSource,
  { batch0, batches, token0, tokens }: Stretch,
): Float32Array<ArrayBuffer> {
  const reader = readerOf(source, "f32");
  const length = source.shape[1];
  return Float32Array.from({ length: batches * tokens }, (_, i) =>
    beginsAnew(reader, batch0 + Math.floor(i / tokens), length, token0 + (i % tokens)) ? 0 : 1,
  );
}

/** How a row is cut: equal parts; one document of half the row and equal short ones; each token alone. */
export type Packing = "even" | "skewed" | "single";

/** Lengths of `count` documents that share `total` tokens; fewer where there are fewer tokens. */
export function packedLengths(packing: Packing, total: number, count: number): number[] {
  if (packing === "single") return Array.from({ length: total }, () => 1);
  const documents = Math.max(1, Math.min(count, total));
  if (packing === "even" || documents === 1) return equalParts(total, documents);
  const long = Math.max(Math.ceil(total / 2), total - Math.floor(total / 2));
  const others = Math.min(documents - 1, total - long);
  return others === 0 ? [total] : [long, ...equalParts(total - long, others)];
}

function equalParts(total: number, count: number): number[] {
  return Array.from(
    { length: count },
    (_, i) => Math.floor(((i + 1) * total) / count) - Math.floor((i * total) / count),
  );
}

/** The same packing in every row, ids from 0 on. The label stands in case ids, e.g. `skewed-16`. */
export function packedDocuments(packing: Packing, batch: number, length: number, count: number): GivenTensor {
  const lengths = packedLengths(packing, length, count);
  return {
    ...givenDocuments(Array.from({ length: batch }, () => lengths)),
    label: `${packing}-${lengths.length}`,
  };
}

/** One list of lengths a row, all of one sum. @param first id of each row's first document */
export function givenDocuments(rows: readonly (readonly number[])[], first = 0): GivenTensor {
  const ids = rows.flatMap((lengths) => lengths.flatMap((size, i) => Array<number>(size).fill(first + i)));
  const shape = [rows.length, ids.length / rows.length];
  return { kind: "given", axes: documentsInput.axes, shape, data: Float64Array.from(ids) };
}

/** Tokens that a kernel is likely to hold together: drawn borders fall on their multiples, and beside them. */
const LIKELY_CHUNK = 8;

/**
 * A packing drawn from the seed, another one for each row: even, skewed or single documents, borders on and off multiples of a chunk,
 * ids that return after another document, a first id other than 0.
 */
export function drawnDocuments(seed: number, batch: number, length: number): GivenTensor {
  const keys = streamKeys(seed, "documents");
  const rows = Array.from({ length: batch }, (_, b) => drawnRow((i) => hashAt(keys, b, i), length));
  return {
    kind: "given",
    axes: documentsInput.axes,
    shape: [batch, length],
    data: Float64Array.from(rows.flat()),
  };
}

function drawnRow(draw: (i: number) => number, length: number): number[] {
  const kind = draw(0) & 7;
  const count = 1 + (draw(1) % 5);
  const first = (draw(2) & 3) === 0 ? 1 : 0;
  const lengths =
    kind === 0 && length <= 64
      ? packedLengths("single", length, length)
      : kind <= 2
        ? packedLengths("even", length, count)
        : kind === 3
          ? packedLengths("skewed", length, count).reverse()
          : drawnLengths(draw, length, kind >= 6);
  // 0 1 0: the ids alternate, so that a comparison with the first token's id alone is found out
  const id = (i: number) => (kind & 1 ? (first + i) & 1 : first + i);
  return lengths.flatMap((size, i) => Array<number>(size).fill(id(i)));
}

function drawnLengths(draw: (i: number) => number, length: number, onChunks: boolean): number[] {
  const lengths: number[] = [];
  for (let rest = length, i = 3; rest > 0; i++) {
    const size = 1 + (draw(i) % Math.max(1, Math.ceil(length / 3)));
    const wanted = onChunks ? Math.ceil(size / LIKELY_CHUNK) * LIKELY_CHUNK : size;
    lengths.push(Math.min(wanted, rest));
    rest -= wanted;
  }
  return lengths;
}
