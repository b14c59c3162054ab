/** Inputs rewritten in place: every implementation of every engine here computes on what is there, not on what was. */
import { afterAll, describe, expect, it } from "vitest";
import { changesBetween } from "../../impls/change.js";
import type { Engine } from "../../impls/engines/engine.js";
import { engines } from "../../impls/engines/index.js";
import { type AnyImplementation, implementationName, unsupportedReason } from "../../impls/implementation.js";
import { implementations } from "../../impls/index.js";
import { dimsFrom, type InputSpecs, type Problem, randomProblem } from "../../impls/operator.js";
import { rewriteInputs, Unsupported } from "../../impls/prepared.js";
import { matrixShape, type RandomTensor, toFloat32 } from "../../impls/tensor.js";
import { allLanes, heldAgainst } from "./truth.js";

const model = { batch: 2, length: 19, heads: 4, groups: 2, headDim: 6, headDimV: 6, state: 5, context: 19 };
const sizes = { ...model, width: 4, past: 3, pairs: 2, modelDim: 7, inner: 24, rank: 2 };

/** Inputs that come in another layout too, in the first of those. */
function otherLayouts({ operator }: AnyImplementation): Readonly<Record<string, readonly string[]>> {
  const layouts = Object.entries(operator.inputs as InputSpecs).flatMap(([name, { alternatives }]) =>
    alternatives?.length ? [[name, alternatives[0]] as const] : [],
  );
  return Object.fromEntries(layouts);
}

/** Every optional input is there where the implementation takes it. */
function problemFor(
  { operator }: AnyImplementation,
  seed: number,
  optional: boolean,
  layouts: Readonly<Record<string, readonly string[]>> = {},
): Problem {
  const extra = Object.entries(operator.inputs as Record<string, { optional?: boolean }>)
    // a convolution's modes are no random inputs: its kernel is made of them
    .filter(([name, spec]) => spec.optional && optional && !["documents", "poles", "weights"].includes(name))
    .map(([name]) => name);
  return randomProblem(operator, {
    dims: dimsFrom(operator, sizes, extra),
    seed,
    with: extra as never,
    layouts,
  }) as Problem;
}

/** Rows 3 to 6 of one tensor come of another seed; of one with a row a sequence the last. */
function patched(problem: Problem): Problem {
  const [name, source] = Object.entries(problem.inputs)[0];
  const { rows } = matrixShape(source!);
  const patch = { seed: 77, ...(rows < 7 ? { firstRow: rows - 1, rows: 1 } : { firstRow: 3, rows: 4 }) };
  return { ...problem, inputs: { ...problem.inputs, [name]: { ...(source as RandomTensor), patch } } };
}

const opened = new Map<string, Engine<unknown>>();
for (const entry of engines) {
  if (entry.name === "webgpu") continue; // test/impls/engines/webgpu has it, with the adapter that tests use
  try {
    opened.set(entry.name, (await (await entry.load()).open(undefined, { named: false })) as Engine<unknown>);
  } catch (error) {
    process.stderr.write(`${entry.name}: ${(error as Error).message}\n`);
  }
}
afterAll(async () => {
  for (const engine of opened.values()) await engine.close();
});

describe.each(implementations.map((impl) => [implementationName(impl), impl] as const))(
  "%s",
  (_name, impl) => {
    const engine = opened.get(impl.engine);

    const usual = [["", {}] as const];
    const other = Object.keys(otherLayouts(impl)).map((name) => ` with ${name} in another layout`);
    const ways = other.length > 0 ? [...usual, [other.join(","), otherLayouts(impl)] as const] : usual;
    it.skipIf(!engine).for(ways)("follows its inputs%s", async ([, layouts], context) => {
      if (impl.absent && (await impl.absent(engine as never))) return context.skip("its package is not here");
      const problemOf = (seed: number, optional: boolean) => problemFor(impl, seed, optional, layouts);
      const optional = unsupportedReason(impl, problemOf(1, true), {}, engine!) === undefined;
      const first = problemOf(1, optional);
      const [options = {}] = (await impl.options?.(first, engine as never)) ?? [];
      const reason = unsupportedReason(impl, first, options, engine!);
      if (reason) return context.skip(reason);
      const prepared = await (async () => impl.prepare(engine as never, first as never, options))().catch(
        (error: Error) => error,
      );
      if (prepared instanceof Unsupported) return context.skip(prepared.message);
      if (prepared instanceof Error) throw prepared;
      const lanes = allLanes(impl.operator, first);
      for (const problem of [first, problemOf(2, optional), first, patched(first), first]) {
        await prepared[rewriteInputs]!(problem);
        await engine!.once((launch) => prepared.run(launch as never));
        const { lanes: got } = await prepared.inspect(lanes);
        const { probable, worst } = heldAgainst(
          impl.operator,
          problem,
          impl.rounding(problem, options),
          lanes,
          got,
        );
        expect(probable, worst).toBeLessThanOrEqual(1);
      }
      await prepared.dispose();
    });
  },
);

it("rewrites rows that differ and nothing else", () => {
  const problem = problemFor(implementations[0], 1, false);
  const [name] = Object.keys(problem.inputs);
  expect(changesBetween(problem, problem)).toEqual([]);
  expect(changesBetween(problem, patched(problem))).toMatchObject([{ name, firstRow: 3, rows: 4 }]);
  const [before, after] = [problem, patched(problem)].map(({ inputs }) => toFloat32(inputs[name]!, "f32"));
  const { shape } = problem.inputs[name]!;
  const cols = before.length / (shape[0] * shape[1]);
  const differing = [...before.keys()].filter((i) => before[i] !== after[i]);
  expect(differing[0]).toBeGreaterThanOrEqual(3 * cols);
  expect(differing.at(-1)).toBeLessThan(7 * cols);
  expect(differing.length).toBeGreaterThan(3.9 * cols);
});
