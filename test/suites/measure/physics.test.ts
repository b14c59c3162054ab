import { expect, it } from "vitest";
import type { Ceilings } from "../../../impls/engines/engine.js";
import { randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { withinPhysics } from "../../../suites/measure/physics.js";

const problem = randomProblem(ssd, {
  dims: { batch: 1, length: 64, heads: 1, groups: 1, headDim: 16, state: 16 },
}) as never;
const { flops, bytes } = ssd.cost(problem);

/** Ceilings at which the least work takes 1 us, seen lower by `shares` at each look. */
function pool(shares: readonly number[], asked: number[] = []) {
  let look = 0;
  const seen = async (_target: number, threads = 1): Promise<Ceilings> => {
    asked.push(threads);
    const share = shares[Math.min(look++, shares.length - 1)];
    return { flopsPerS: { f32: (share * flops) / 1e-6 }, cachedBytesPerS: (share * bytes) / 1e-9 };
  };
  return { ceilings: seen, ceilingsAgain: seen };
}

async function judged(medianNs: number, shares: readonly number[], asked?: number[]) {
  const sample = { hostNs: medianNs, repeats: 1, round: 0, order: 0, startNs: 0 };
  const planned = { target: 0, options: { threads: 2 }, operator: ssd, problem };
  const outcome = {
    status: "measured",
    samples: [sample],
    lanes: { lanes: [], checked: 0, total: 0 },
    errorU: 0,
    boundU: 1,
  };
  return (await withinPhysics(pool(shares, asked), planned, outcome as never)).outcome;
}

it("a median far below what the machine can do is rejected, and says what cannot be", async () => {
  expect(await judged(12, [1])).toMatchObject({
    status: "rejected",
    reason: expect.stringMatching(
      /^faster than this machine can be: 12.0 ns a run, while its operations at .* GFLOP\/s, .* 2 threads reach here, take 1.00 us$/,
    ),
  });
});

it("a median at the ceilings, or above them by less than their spread, is measured", async () => {
  expect(await judged(1000, [1])).toMatchObject({ status: "measured" });
  expect(await judged(700, [1])).toMatchObject({ status: "measured" });
  expect(await judged(600, [1])).toMatchObject({ status: "rejected" });
});

it("ceilings that a busy machine showed too low are measured again, for the threads of the row", async () => {
  const asked: number[] = [];
  expect(await judged(1000, [0.1, 0.3, 1], asked)).toMatchObject({ status: "measured" });
  expect(asked).toEqual([2, 2, 2]);
  asked.length = 0;
  expect(await judged(1000, [4, 1], asked)).toMatchObject({ status: "measured" });
  expect(asked).toEqual([2]);
});
