/** The chunked form in f32 by products of TF32 in threes: what each chunk adds, the recurrence over chunks, the outputs. */
import type { CudaEngine } from "../../engines/cuda.js";
import type { Problem } from "../../operator.js";
import { type Ssd, ssd } from "../operator.js";
import { CHANNELS, CHUNK } from "./plan.js";

/** Parts of one program, in this order. */
const urls = [
  new URL("./split.tiles.cu", import.meta.url),
  new URL("../../recurrence/cuda/steps.cu", import.meta.url),
  new URL("./split.kernels.cu", import.meta.url),
];

/** Four warps of sixteen rows: split.tiles.cu. */
const THREADS = 128;
const STATES = [16, 32, 64, 128] as const;
/** Workgroups that a grid may have along its second axis. */
const MOST_CHUNKS = 65_535;

export type SplitEntry = "chunk_states" | "pass_states" | "chunk_outputs";
const ENTRIES: readonly SplitEntry[] = ["chunk_states", "pass_states", "chunk_outputs"];

/** A sentence for what these kernels do not take. */
export function splitLacks({ dims }: Problem<Ssd>): string | undefined {
  const { length, state } = dims;
  if (state > STATES[STATES.length - 1])
    return `in f32 needs state of at most ${STATES[STATES.length - 1]}, got ${state}`;
  return length > MOST_CHUNKS * CHUNK
    ? `in f32 needs length of at most ${MOST_CHUNKS * CHUNK}, got ${length}`
    : undefined;
}

function paddedOf({ dims }: Problem<Ssd>): number {
  return STATES.find((columns) => dims.state <= columns) as number;
}

/** Shared memory of a workgroup: sums in f64, rows of floats that lie apart by the banks of four lanes. */
function roomBytes(padded: number, entry: SplitEntry): number {
  if (entry === "pass_states") return 0;
  const rows = entry === "chunk_states" ? padded + 8 + CHANNELS + 8 : 3 * (padded + 4) + CHANNELS + 4;
  return 8 * CHUNK + 4 * CHUNK * rows;
}

/** The source of one launch, and the definitions it is compiled with. */
export function splitSource(problem: Problem<Ssd>, entry: SplitEntry) {
  const { dims, inputs } = problem;
  const flag = (holds: boolean) => (holds ? 1 : 0);
  return {
    libraries: [] as const,
    urls,
    entry,
    plain: true,
    defines: {
      NPAD: paddedOf(problem),
      WIDE: flag(dims.headDim % 4 === 0 && dims.state % 4 === 0),
      HAS_DT: flag(inputs.dt !== undefined),
      HAS_Z: flag(inputs.z !== undefined),
      HAS_D: inputs.D === undefined ? 0 : inputs.D.axes.length === 1 ? 1 : 2,
      HAS_INITIAL: flag(inputs.initialState !== undefined),
      ...Object.fromEntries(ENTRIES.map((one) => [`ENTRY_${one.toUpperCase()}`, flag(one === entry)])),
    },
  };
}

export function prepareSplit(engine: CudaEngine, problem: Problem<Ssd>) {
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const slices = Math.ceil(headDim / CHANNELS);
  const chunks = Math.ceil(length / CHUNK);
  const elements = heads * headDim * state;
  const stage = engine.stage(ssd, problem);
  const names = ["X", "B", "C", "logA", "dt", "D", "z", "initialState"] as const;
  const parameters = engine.pack([
    ...names.map((name) => stage.input(name)),
    ...[stage.output("Y"), stage.output("finalState", "f32")],
    ...[stage.scratch("states of chunks", 4 * batch * chunks * elements)],
    ...[stage.scratch("decays of chunks", 8 * batch * chunks * heads)],
    ...[batch, length, heads, groups, headDim, state, slices, chunks],
  ]);
  for (const entry of ENTRIES) {
    const blocks =
      entry === "pass_states"
        ? ([Math.ceil(elements / THREADS), batch, 1] as const)
        : ([heads * slices, chunks, batch] as const);
    const sharedBytes = roomBytes(paddedOf(problem), entry);
    stage.kernel(splitSource(problem, entry), { blocks, threads: THREADS, sharedBytes }, [parameters]);
  }
  return stage.prepared({ chunks });
}

/** Work of the form: X, B and the steps are read twice, states of chunks go through memory four times. */
export function splitCost(problem: Problem<Ssd>) {
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const tokens = batch * length;
  const again = 4 * tokens * (heads * (headDim + 2) + groups * state);
  const states = 16 * batch * Math.ceil(length / CHUNK) * heads * headDim * state;
  return {
    flops: 3 * tokens * heads * (CHUNK * (state + headDim) + 4 * headDim * state),
    bytes: ssd.cost(problem).bytes + again + states,
    dispatches: 3,
  };
}
