/** Rows of a table by token: what a language model begins with. */
import type { Reals } from "./reals.js";

/**
 * to[i] = table[tokens[i]].
 * @param table (vocabulary, columns), C order
 * @param tokens each below the vocabulary
 * @param to (tokens, columns)
 */
export function embed(table: Reals, tokens: Int32Array, columns: number, to: Reals): void {
  for (let i = 0; i < tokens.length; i++) {
    const from = tokens[i] * columns;
    for (let j = 0; j < columns; j++) to[i * columns + j] = table[from + j];
  }
}

/** Adds each token's gradient to that of its row, in the order of the tokens: a table tied to the output head has another share. */
export function addEmbeddingGradient(dTo: Reals, tokens: Int32Array, columns: number, dTable: Reals): void {
  for (let i = 0; i < tokens.length; i++) {
    const to = tokens[i] * columns;
    for (let j = 0; j < columns; j++) dTable[to + j] += dTo[i * columns + j];
  }
}
