/**
 * What denormals cost the wasm kernels: an impulse at the first token and zeros behind it, against ordinary inputs of the same sizes, in
 * interleaved runs. States then decay through the smallest numbers, on which a processor may be many times slower.
 * Run: node --import tsx scripts/tools/denormals.ts [length]
 */
import { open } from "../../impls/engines/wasm.js";
import { type AnyImplementation, implementationName } from "../../impls/implementation.js";
import { type AnyOperator, givenProblem, type Problem, randomProblem } from "../../impls/operator.js";
import type { Prepared } from "../../impls/prepared.js";
import { implementations as scans } from "../../impls/selective_scan/index.js";
import { selectiveScan } from "../../impls/selective_scan/operator.js";
import { implementations as ssds } from "../../impls/ssd/index.js";
import { ssd } from "../../impls/ssd/operator.js";
import { toFloat32 } from "../../impls/tensor.js";

const ROUNDS = 21;
const length = Number(process.argv[2] ?? 4096);
const dims = { batch: 1, length, heads: 8, groups: 1, headDim: 64, state: 64 };
const engine = await open();

/** The same problem with zeros for all but the first token of an input. */
function impulse(operator: AnyOperator, problem: Problem, name: string): Problem {
  const inputs = Object.fromEntries(
    Object.entries(problem.inputs).map(([key, source]) => [key, source && toFloat32(source, "f32")]),
  );
  inputs[name]?.fill(0, inputs[name].length / length);
  return givenProblem(operator, { dims, inputs: inputs as never }) as Problem;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];

for (const [operator, impls, name] of [
  [ssd, ssds, "X"],
  [selectiveScan, scans, "u"],
] as const) {
  const ordinary = randomProblem(operator as AnyOperator, { dims }) as Problem;
  const problems = [ordinary, impulse(operator, ordinary, name)];
  for (const impl of impls.filter(({ engine, form }) => engine === "wasm" && form !== "quadratic")) {
    const runs: Prepared[] = [];
    for (const problem of problems) runs.push(await (impl as AnyImplementation).prepare(engine, problem, {}));
    const times = runs.map(() => [] as number[]);
    for (let round = -2; round < ROUNDS; round++)
      for (const [i, { run }] of runs.entries()) {
        const { hostNs } = await engine.time(run as () => void, 1);
        if (round >= 0) times[i].push(hostNs);
      }
    const [usual, rare] = times.map((values) => median(values) / 1e6);
    const least = times.map((values) => values[0] / 1e6);
    console.log(
      `${implementationName(impl)} length=${length}: ordinary ${usual.toFixed(2)} ms, impulse ${rare.toFixed(2)} ms, ` +
        `ratio ${(rare / usual).toFixed(2)} (least ${(least[1] / least[0]).toFixed(2)})`,
    );
    for (const prepared of runs) prepared.dispose();
  }
}
await engine.close();
