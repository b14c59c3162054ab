/** Options found by measuring: what differs by chance, and what a change did. */
import { describe, expect, it } from "vitest";
import type { Options } from "../../../../impls/prepared.js";
import { type Differing, differByChance, sameOptions } from "../../../../suites/gate/pairs/chance.js";
import { tiny } from "../../measure/synthetic.js";

const differing = (base: Options, head: Options, impl: Differing["impl"]): Differing => ({
  problem: tiny,
  impl,
  options: { base, head },
});

describe("options of the two arms", () => {
  it("are the same in any order of their keys", () => {
    expect(sameOptions({ chunk: 12, threads: 1 }, { threads: 1, chunk: 12 })).toBe(true);
    expect(sameOptions({ chunk: 12 }, { chunk: 24 })).toBe(false);
    expect(sameOptions({ chunk: 12 }, { chunk: 12, threads: 1 })).toBe(false);
  });

  it("differ by chance when an arm, asked again, makes the other's choice", async () => {
    const searched = differing({ chunk: 12 }, { chunk: 24 }, { base: 1, head: 2 });
    const changed = differing({ chunk: 12 }, { chunk: 36 }, { base: 3, head: 4 });
    const asked: (readonly [string, number[]])[] = [];
    const chance = await differByChance([searched, changed], async (arm, questions) => {
      asked.push([arm, questions.map(({ impl }) => impl)]);
      // only head's second search of the first case falls the other way
      const found = (impl: number) => (impl === 4 ? 36 : impl === 2 && asked.length < 4 ? 24 : 12);
      return questions.map(({ impl }) => [{ options: { chunk: found(impl) } }]);
    });
    expect([...chance]).toEqual([searched]);
    // what is settled is not asked about again, and the rest not for ever
    expect(asked).toEqual([
      ["base", [1, 3]],
      ["head", [2, 4]],
      ["base", [1, 3]],
      ["head", [2, 4]],
      ["base", [3]],
      ["head", [4]],
    ]);
  });
});
