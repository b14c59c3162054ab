import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Problem, randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/index.js";
import { readLanes, writeLanes } from "../../../suites/check/lane-file.js";
import { inShares, processesFor, shares } from "../../../suites/check/lane-shares.js";
import { chooseLanes } from "../../../suites/check/lanes.js";

const folder = mkdtempSync(join(tmpdir(), "dualbench-shares-"));
afterAll(() => rmSync(folder, { recursive: true }));

const dims = { batch: 1, length: 20, heads: 2, groups: 1, headDim: 3, state: 4 };
const problem = randomProblem(ssd, { dims }) as Problem;
const { lanes } = chooseLanes(ssd, problem);

describe("a reference in shares", () => {
  it("has every lane once, with the values of one that is whole", async () => {
    let next = 0;
    const file = await inShares(
      problem,
      lanes,
      () => join(folder, `${next++}.lanes`),
      async (part, to) => writeLanes(to, ssd.reference(problem as never, part)),
      4,
    );
    const byLane = <T extends { lane: { index: number } }>(all: Iterable<T>) =>
      [...all].sort((a, b) => a.lane.index - b.lane.index);
    expect(byLane(readLanes(file))).toEqual(byLane(ssd.reference(problem as never, lanes)));
    expect(next).toBe(4);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it("says what a share threw, and leaves none of the others", async () => {
    let next = 0;
    const failing = inShares(
      problem,
      lanes,
      () => join(folder, `failing ${next++}`),
      async (part, to) => {
        if (part.includes(lanes[1])) throw new Error("no room");
        writeLanes(to, ssd.reference(problem as never, part));
      },
      3,
    );
    await expect(failing).rejects.toThrow("no room");
    expect(readdirSync(folder).filter((name) => /failing [12]/.test(name))).toEqual([]);
  });

  it("shares what is worth it, among half the cores", () => {
    const large = randomProblem(ssd, { dims: { ...dims, length: 1e6 } }) as Problem;
    expect(processesFor(problem, lanes.length, 16)).toBe(1);
    expect(processesFor(large, 6, 16)).toBe(5);
    expect(processesFor(large, 64, 16)).toBe(8);
    expect(processesFor(large, 64, 2)).toBe(1);
    expect(shares([1, 2, 3, 4, 5], 2)).toEqual([
      [1, 3, 5],
      [2, 4],
    ]);
  });
});
