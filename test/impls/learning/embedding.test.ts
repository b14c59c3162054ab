/** The gradient of an embedding in float64, where a token comes twice and another never. */
import { expect, it } from "vitest";
import { addEmbeddingGradient, embed } from "../../../impls/learning/embedding.js";
import { differences, waves } from "./differences.js";

it("each row's gradient is the sum over its tokens, on top of what was there", () => {
  const [vocabulary, columns] = [5, 3];
  const tokens = Int32Array.of(1, 4, 1, 0);
  const table = waves(vocabulary * columns, 0);
  const cotangent = waves(tokens.length * columns, 1);
  const to = new Float64Array(tokens.length * columns);
  const loss = () => {
    embed(table, tokens, columns, to);
    return to.reduce((sum, value, i) => sum + value * cotangent[i] + value ** 3, 0);
  };
  const expected = differences(table, loss);
  loss();
  const dTo = to.map((value, i) => cotangent[i] + 3 * value ** 2);
  const shared = waves(table.length, 2);
  const dTable = shared.slice();
  addEmbeddingGradient(dTo, tokens, columns, dTable);
  for (const [i, value] of expected.entries()) expect(dTable[i] - shared[i]).toBeCloseTo(value, 7);
});
