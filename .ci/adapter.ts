/** Prints what the WebGPU adapter here offers, and which makes of which kernels run on it in which storage types. */
import { open } from "../impls/engines/webgpu.js";
import { implementationName, unsupportedReason } from "../impls/implementation.js";
import { implementations } from "../impls/index.js";
import { dimsFrom, randomProblem } from "../impls/operator.js";

const SIZES = {
  batch: 1,
  length: 65,
  context: 65,
  heads: 2,
  groups: 1,
  headDim: 16,
  headDimV: 16,
  state: 16,
  width: 4,
  past: 3,
  pairs: 4,
  modelDim: 16,
  inner: 32,
  rank: 1,
};

const engine = await open(undefined, { named: true });
const { name, details } = engine.device;
console.log(`adapter: ${name}`);
for (const [key, value] of Object.entries(details)) console.log(`  ${key}: ${value}`);
console.log("makes, by storage type:");
for (const impl of implementations.filter(({ engine }) => engine === "webgpu")) {
  const dims = dimsFrom(impl.operator, SIZES);
  for (const dtype of ["f32", "f16"] as const) {
    const problem = randomProblem(impl.operator, { dtype, dims } as never);
    const choices = (await impl.options?.(problem as never, engine as never)) ?? [{}];
    const reason = unsupportedReason(impl, problem as never, choices[0] ?? {}, engine);
    const makes = choices.map((options) => Object.values(options).join(" ")).filter(Boolean);
    console.log(`  ${implementationName(impl)} ${dtype}: ${reason ?? (makes.join(", ") || "one kernel")}`);
  }
}
engine.close();
