/** Odd sizes of every axis on every kernel: within the bound, nothing left unwritten, and the same bits twice. */
import { afterAll, describe, expect, it } from "vitest";
import { attention } from "../../../impls/attention/index.js";
import { convolution } from "../../../impls/convolution/index.js";
import { type AnyOperator, type Lane, type Problem, randomProblem } from "../../../impls/operator.js";
import { selectiveScan } from "../../../impls/selective_scan/index.js";
import { ssd } from "../../../impls/ssd/index.js";
import { allLanes, heldAgainst } from "../truth.js";
import { dtypesOf, formsOf, here, openAdapter } from "./webgpu/adapter.js";

const engine = await openAdapter();
afterAll(() => engine?.close());

/** Each size of each axis once, beside an awkward neighbour; not their product, which software adapters would take an hour for. */
const SIZES: readonly (readonly [length: number, headDim: number, state: number])[] = [
  [257, 1, 16],
  [65, 40, 1],
  [63, 128, 16],
  [1, 64, 256],
  [65, 1, 256],
  [63, 64, 100],
  [1, 128, 100],
  [257, 40, 1],
];

const problems = (operator: AnyOperator, dtype: "f32" | "f16"): Problem[] =>
  SIZES.flatMap(([length, headDim, state], seed) => {
    const has = (axis: string) => (operator.dims as readonly string[]).includes(axis);
    const sizes = {
      batch: 1,
      length,
      context: length,
      heads: 1,
      groups: 1,
      headDim,
      headDimV: headDim,
      state,
    };
    const dims = Object.fromEntries(Object.entries(sizes).filter(([axis]) => has(axis)));
    return [randomProblem(operator, { dtype, seed, dims } as never) as Problem];
  });

describe.runIf(here).each([ssd, selectiveScan, attention, convolution] as AnyOperator[])(
  "$name",
  (operator) => {
    const cases = formsOf(operator).flatMap(({ name, impl }) =>
      dtypesOf(engine).flatMap((dtype) =>
        problems(operator, dtype).map((problem) => ({
          name: `${name} ${dtype} ${JSON.stringify(problem.dims)}`,
          impl,
          problem,
        })),
      ),
    );

    it.each(cases)("$name", async ({ impl, problem }) => {
      const [options] = (await impl.options?.(problem as never, engine as never)) ?? [{}];
      const lanes = allLanes(operator, problem);
      const prepared = await impl.prepare(engine as never, problem as never, options);
      const runOn = async (looked: readonly Lane[]) => {
        await prepared.poison();
        await engine!.once((launch) => prepared.run(launch as never));
        return prepared.inspect(looked);
      };
      const [first, again] = [await runOn(lanes), await runOn([])];
      await prepared.dispose();
      for (const { nonFinite } of [first, again]) expect(nonFinite).toBeUndefined();
      expect(again.fingerprint).toBe(first.fingerprint);
      const rounding = impl.rounding(problem as never, options);
      const { certified, worst } = heldAgainst(operator, problem, rounding, lanes, first.lanes);
      expect(certified, worst).toBeLessThanOrEqual(1);
    });
  },
);
