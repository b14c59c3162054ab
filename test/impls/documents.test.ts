/** How rows are cut into documents, given and drawn. */
import { describe, expect, it } from "vitest";
import {
  documentsOf,
  documentsOfSource,
  drawnDocuments,
  givenDocuments,
  keptPast,
  packedDocuments,
  packedLengths,
} from "../../impls/documents.js";

describe("documents", () => {
  it("are runs of equal ids: an id that returns begins another one", () => {
    const ids = [0, 0, 1, 1, 0, 3, 3, 3, 3, 3];
    expect(documentsOf(ids, 2, 5)).toEqual([
      [
        { start: 0, end: 2, id: 0 },
        { start: 2, end: 4, id: 1 },
        { start: 4, end: 5, id: 0 },
      ],
      [{ start: 0, end: 5, id: 3 }],
    ]);
  });

  it("keep a row's initial state for a first document of id 0 only, whatever stretch is asked for", () => {
    const source = givenDocuments([
      [2, 3],
      [1, 4],
    ]);
    const from1 = { ...source, data: source.data.map((id, i) => (i < 5 ? id : id + 1)) };
    expect([...keptPast(from1, { batch0: 0, batches: 2, token0: 0, tokens: 5 })]).toEqual([
      ...[1, 1, 0, 1, 1],
      ...[0, 0, 1, 1, 1],
    ]);
    expect([...keptPast(from1, { batch0: 1, batches: 1, token0: 1, tokens: 2 })]).toEqual([0, 1]);
  });

  it.each([
    ["even", 10, 4, [2, 3, 2, 3]],
    ["even", 3, 8, [1, 1, 1]],
    ["skewed", 64, 5, [32, 8, 8, 8, 8]],
    ["skewed", 1, 4, [1]],
    ["single", 3, 2, [1, 1, 1]],
  ] as const)("%s: %i tokens in %i", (packing, total, count, lengths) => {
    expect(packedLengths(packing, total, count)).toEqual(lengths);
  });

  it("are named by how they are cut and how many there are", () => {
    const { label, shape, data } = packedDocuments("skewed", 2, 64, 5);
    expect([label, shape]).toEqual(["skewed-5", [2, 64]]);
    expect(data.subarray(64)).toEqual(data.subarray(0, 64));
  });
});

describe("drawn documents, seeds 0 to 199", () => {
  const rows = Array.from({ length: 200 }, (_, seed) => drawnDocuments(seed, 2, 65)).flatMap(
    documentsOfSource,
  );
  const share = (holds: (row: (typeof rows)[number]) => boolean) => rows.filter(holds).length / rows.length;

  it("cover every token once", () => {
    for (const row of rows) {
      expect(row[0].start).toBe(0);
      expect(row.at(-1)!.end).toBe(65);
      for (let k = 1; k < row.length; k++) expect(row[k].start).toBe(row[k - 1].end);
    }
  });

  it("begin on the borders of chunks and beside them, are one, few and many, and have ids that return or do not begin at 0", () => {
    const inner = (row: (typeof rows)[number]) => row.slice(1).map(({ start }) => start % 8);
    expect(share((row) => inner(row).includes(0))).toBeGreaterThan(0.2);
    expect(share((row) => inner(row).some((place) => place !== 0))).toBeGreaterThan(0.3);
    expect(share((row) => row.length === 1)).toBeGreaterThan(0.05);
    expect(share((row) => row.length > 32)).toBe(0);
    expect(share((row) => row[0].id !== 0)).toBeGreaterThan(0.1);
    expect(share((row) => row.length > 2 && row[2].id === row[0].id)).toBeGreaterThan(0.05);
  });

  it("are single tokens where rows are short", () => {
    const short = Array.from({ length: 40 }, (_, seed) => documentsOfSource(drawnDocuments(seed, 1, 9))[0]);
    expect(short.some((row) => row.length === 9)).toBe(true);
  });
});
