/** Speedup, shares and the model of several processes, on rows whose answers are worked out by hand. */
import { describe, expect, it } from "vitest";
import { divisionsOf, reckoned } from "../../../reports/analysis/parallel/divisions.js";
import { measuredRow } from "../rows.js";

const row = (ranks: number, medianNs: number, passing?: "chain" | "tree", details = {}) =>
  measuredRow({
    id: `ssd/chunked.distributed length=512 ranks=${ranks}${passing ? ` passing=${passing}` : ""} device=cpu`,
    ...{ ranks, medianNs, details },
    ...(passing ? { passing } : {}),
  });

describe("divisions", () => {
  it("have one process first and a curve for each way of passing", () => {
    const found = divisionsOf([row(4, 5e5, "tree"), row(2, 8e5, "chain"), row(4, 4e5, "chain"), row(1, 1e6)]);
    expect(found.map(({ points }) => points.map(({ ranks, speedup }) => [ranks, speedup]))).toEqual([
      [
        [1, 1],
        [2, 1.25],
        [4, 2],
      ],
      [
        [1, 1],
        [2, 1.25],
        [4, 2.5],
      ],
    ]);
  });

  it("without a way of passing are one curve; without one process there is none", () => {
    expect(divisionsOf([row(1, 1e6), row(2, 5e5), row(4, 3e5)])[0].points).toHaveLength(3);
    expect(divisionsOf([row(2, 5e5)])).toEqual([]);
  });
});

describe("the model", () => {
  const link = { latencyNs: 1000, bytesPerS: 1e9 };
  it("counts a chain's messages one by one, a tree's by rounds", () => {
    const chain = row(4, 1, "chain", { messages: 3, messageBytes: 3000 });
    expect(reckoned(chain, 8e6, link, 2)).toBe(4e6 + 3 * (1000 + 1000));
    const tree = row(4, 1, "tree", { messages: 5, messageBytes: 5000 });
    expect(reckoned(tree, 8e6, link, 4)).toBe(2e6 + 2 * (1000 + 1000));
  });

  it("sends a sum round twice, in as many parts as there are ranks", () => {
    const sum = row(2, 1, undefined, { sums: 1, summedBytes: 4000 });
    expect(reckoned(sum, 8e6, link, 2)).toBe(4e6 + 2 * 1000 + 4000);
  });
});
