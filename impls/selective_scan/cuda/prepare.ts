/** The launches of the scan: one walk, or a walk for what segments add, the recurrence over them, and the walk that writes. */
import { keptPast } from "../../documents.js";
import type { CudaEngine } from "../../engines/cuda.js";
import type { Problem } from "../../operator.js";
import { type SelectiveScan, selectiveScan } from "../operator.js";
import { type Cut, isConstant, roomBytes } from "./plan.js";

/** Parts of one program, in this order. */
const urls = [
  new URL("../../recurrence/steps.cu", import.meta.url),
  new URL("./scan.tiles.cu", import.meta.url),
  new URL("./scan.walk.cu", import.meta.url),
  new URL("./scan.kernels.cu", import.meta.url),
];

/** ends: the walk that finds what segments add. */
export type Part = "ends" | "pass" | "walk";

/** The source of one launch, and the definitions it is compiled with. */
export function scanSource(problem: Problem<SelectiveScan>, cut: Cut, part: Part) {
  const { inputs, dims, settings, dtype } = problem;
  const outputs = part === "walk";
  const flag = (holds: boolean) => (holds ? 1 : 0);
  return {
    libraries: ["elements"] as const,
    urls,
    entry: part === "pass" ? "pass_segments" : "walk",
    plain: true,
    defines: {
      KIND: `KIND_${dtype}`,
      STATE: dims.state,
      R: cut.columns,
      STATE_WARPS: cut.stateWarps,
      OCTETS: cut.octets,
      TOKENS: cut.tokens,
      // tokens whose loads and exponentials the compiler may mix: sixteen, or four of many columns
      UNROLL: cut.columns >= 4 ? 2 : 4,
      ROOM_BYTES: roomBytes(problem, cut, outputs),
      OUTPUTS: flag(outputs),
      SPLIT: flag(cut.segments > 1),
      CONSTANT_B: flag(isConstant(inputs.B)),
      CONSTANT_C: flag(isConstant(inputs.C)),
      HAS_D: flag(outputs && inputs.D !== undefined),
      HAS_Z: flag(outputs && inputs.z !== undefined),
      HAS_BIAS: flag(inputs.deltaBias !== undefined),
      HAS_INITIAL: flag(inputs.initialState !== undefined),
      DOCUMENTS: flag(inputs.documents !== undefined),
      SOFTPLUS: flag(settings.softplus),
      ENTRY_WALK: flag(part !== "pass"),
      ENTRY_PASS_SEGMENTS: flag(part === "pass"),
    },
  };
}

export function prepareScan(engine: CudaEngine, problem: Problem<SelectiveScan>, cut: Cut) {
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const stage = engine.stage(selectiveScan, problem);
  const channels = heads * headDim;
  const slices = Math.ceil(channels / groups / (8 * cut.octets));
  const tokens = Math.ceil(length / cut.segments);
  const segments = Math.ceil(length / tokens);
  const planned = { ...cut, segments };
  const split = segments > 1;
  const documents = problem.inputs.documents;
  const row = batch * segments * channels;
  const parameters = engine.pack([
    ...(["u", "delta", "A", "B", "C", "D", "z", "deltaBias", "initialState"] as const).map((name) =>
      stage.input(name),
    ),
    documents ? stage.upload("documents", bytesOf(keptPast(documents, wholeOf(problem)))) : 0n,
    ...[stage.output("Y"), stage.output("finalState", "f32")],
    split ? stage.scratch("states of segments", row * state * 4) : 0n,
    split ? stage.scratch("steps of segments", row * 8) : 0n,
    ...[batch, length, heads, groups, headDim, slices, segments, tokens],
  ]);
  const walk = (part: "ends" | "walk") =>
    stage.kernel(
      scanSource(problem, planned, part),
      {
        blocks: [slices * groups, segments, batch],
        threads: 32 * cut.stateWarps * cut.octets,
        sharedBytes: roomBytes(problem, cut, part === "walk"),
      },
      [parameters],
    );
  if (split) {
    walk("ends");
    const blocks = [Math.ceil((channels * state) / 128), batch, 1] as const;
    stage.kernel(scanSource(problem, planned, "pass"), { blocks, threads: 128 }, [parameters]);
  }
  walk("walk");
  return stage.prepared({ segments });
}

function wholeOf({ dims }: Problem<SelectiveScan>) {
  return { batch0: 0, batches: dims.batch, token0: 0, tokens: dims.length };
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
