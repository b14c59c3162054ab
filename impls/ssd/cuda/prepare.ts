/** The launches of the chunked form: outputs alone where workgroups fill the card, else segment states, their scan and the outputs. */
import type { CudaEngine, Grid } from "../../engines/cuda.js";
import type { Problem } from "../../operator.js";
import { type Ssd, ssd } from "../operator.js";
import {
  type Borders,
  CHANNELS,
  CHUNK,
  MOST_SEGMENTS,
  roomBytes,
  type Shape,
  scratchBytes,
  segmentsFor,
  shapeOf,
  THREADS,
  type Tuning,
  tuningFor,
} from "./plan.js";

/** Parts of one program, in this order. */
const urls = [
  new URL("./chunked.tiles.cu", import.meta.url),
  new URL("./chunked.products.cu", import.meta.url),
  new URL("./chunked.loads.cu", import.meta.url),
  new URL("./chunked.decays.cu", import.meta.url),
  new URL("./chunked.epilogue.cu", import.meta.url),
  new URL("./chunked.passes.cu", import.meta.url),
  new URL("./chunked.kernels.cu", import.meta.url),
];

export type Entry = "segment_states" | "pass_states" | "segment_outputs";
const ENTRIES: readonly Entry[] = ["segment_states", "pass_states", "segment_outputs"];

/** What the kernels are compiled for. */
export interface Build {
  readonly shape: Shape;
  readonly tuning: Tuning;
  readonly borders: Borders;
  /** Products of 16 x 8 x 16 and ordinary copies instead of Hopper's. */
  readonly mma: boolean;
  /** Storage in bf16 instead of f16. */
  readonly bfloat: boolean;
  readonly dt: boolean;
  readonly z: boolean;
  /** 0: none, 1: one a head, 2: one a channel. */
  readonly skip: 0 | 1 | 2;
  /** No segment has more than one chunk: the last kernel does what it can before it knows the state it begins with. */
  readonly oneChunk: boolean;
}

/** The source of one kernel, and the definitions it is compiled with. */
export function chunkedSource(build: Build, entry: Entry) {
  const { shape, tuning, borders, oneChunk } = build;
  return {
    libraries: ["matrices"] as const,
    urls,
    entry,
    defines: {
      BFLOAT: build.bfloat ? 1 : 0,
      NPAD: shape.padded,
      MMA_SYNC: build.mma ? 1 : 0,
      WIDE: shape.wide ? 1 : 0,
      HAS_DT: build.dt ? 1 : 0,
      HAS_Z: build.z ? 1 : 0,
      HAS_D: build.skip,
      LOCAL_HALF: borders.localHalf ? 1 : 0,
      ENTRY_HALF: borders.entryHalf ? 1 : 0,
      SLOTS_STATES: tuning.states.slots,
      SLOTS_OUTPUT: tuning.output.slots,
      RESIDENT_STATES: tuning.states.resident,
      RESIDENT_OUTPUT: tuning.output.resident,
      MOST_SEGMENTS,
      TOGETHER: tuning.output.together && !oneChunk ? 1 : 0,
      ONE_CHUNK: oneChunk ? 1 : 0,
      // long states take time to write: in the last kernel one workgroup of 16 or 33 would do that when all others are done
      FINAL_BY_SCAN: oneChunk || shape.padded >= 128 ? 1 : 0,
      // one kernel a program: a change of how time is cut compiles no more than it needs
      ...Object.fromEntries(ENTRIES.map((one) => [`ENTRY_${one.toUpperCase()}`, one === entry ? 1 : 0])),
    },
  };
}

/** What is planned unless it is given. */
export interface Cut {
  readonly segments?: number;
  readonly tuning?: Tuning;
}

/** Kernels of one problem on one card. */
class Kernels {
  constructor(
    readonly engine: CudaEngine,
    readonly build: Build,
  ) {}

  source(entry: Entry) {
    return { ...chunkedSource(this.build, entry), plain: this.build.mma };
  }

  room(kernel: keyof Tuning): number {
    const { shape, tuning } = this.build;
    return roomBytes(shape.padded, tuning[kernel].slots, kernel !== "states");
  }

  /** Workgroups that live on the card at a time. */
  resident(entry: Entry, kernel: keyof Tuning): number {
    const { card } = this.engine;
    return card.resident(card.kernel(this.source(entry)), THREADS, this.room(kernel));
  }
}

function buildFor(
  { card }: CudaEngine,
  problem: Problem<Ssd>,
  make: Pick<Build, "mma" | "borders">,
  tuning: Tuning | undefined,
): Build {
  const { inputs } = problem;
  const shape = shapeOf(problem);
  return {
    ...make,
    shape,
    tuning: tuning ?? tuningFor(shape.padded, card.facts.attributes.sharedBytes),
    bfloat: problem.dtype === "bf16",
    dt: inputs.dt !== undefined,
    z: inputs.z !== undefined,
    skip: inputs.D === undefined ? 0 : inputs.D.axes.length === 1 ? 1 : 2,
    oneChunk: false,
  };
}

/** Kernels and segments of a problem; sequences that are short beside the card have kernels of their own. */
function cutFor(engine: CudaEngine, plain: Build, { segments: given }: Cut) {
  const { shape, tuning } = plain;
  const { multiprocessors } = engine.card.facts.attributes;
  const most = given ?? segmentsFor(shape, multiprocessors * tuning.output.resident);
  const oneChunk = most > 1 && most === shape.chunks;
  const kernels = new Kernels(engine, { ...plain, oneChunk });
  const segments = given ?? segmentsFor(shape, kernels.resident("segment_outputs", "output"));
  // a card may hold fewer than the kernels were written for
  return oneChunk && segments !== shape.chunks
    ? { kernels: new Kernels(engine, plain), segments }
    : { kernels, segments };
}

export async function prepareChunked(
  engine: CudaEngine,
  problem: Problem<Ssd>,
  make: Pick<Build, "mma" | "borders">,
  cut: Cut = {},
) {
  const { dims } = problem;
  const { kernels, segments } = cutFor(engine, buildFor(engine, problem, make, cut.tuning), cut);
  const { shape, borders, mma } = kernels.build;
  const split = segments > 1;
  const stage = engine.stage(ssd, problem);
  const [X, B, C] = [stage.input("X"), stage.input("B"), stage.input("C")];
  const bytes = scratchBytes(shape, segments, borders);
  const scratch = (what: keyof typeof bytes) =>
    split ? stage.scratch(`${what} of segments`, bytes[what]) : 0n;
  const parameters = engine.pack([
    ...[X, B, C, stage.input("logA"), stage.input("dt"), stage.input("D"), stage.input("z")],
    ...[stage.input("initialState"), stage.output("Y"), stage.output("finalState", "f32")],
    ...[scratch("local"), scratch("entry"), scratch("decays")],
    ...[dims.batch, dims.length, dims.heads, dims.groups, dims.headDim, dims.state],
    ...[shape.slices, shape.pairs, shape.chunks, segments],
  ]);
  const maps = mma ? [] : mapsOf(engine, problem, shape.padded, { X, B, C });
  // a kernel that starts early has loaded its first tiles when the one before it ends
  const early = split && !mma;
  const walk = (kernel: keyof Tuning): Grid => ({
    blocks: shape.workgroups * segments,
    threads: THREADS,
    sharedBytes: kernels.room(kernel),
  });
  if (split) {
    stage.kernel(kernels.source("segment_states"), walk("states"), [parameters, ...maps]);
    stage.kernel(kernels.source("pass_states"), { ...scanGrid(shape), early }, [parameters]);
  }
  stage.kernel(kernels.source("segment_outputs"), { ...walk("output"), early }, [parameters, ...maps]);
  return stage.prepared({ segments });
}

/** A thread takes four values of one unit's state, or two where states are small: `W` of chunked.kernels.cu. */
function scanGrid({ workgroups, padded }: Shape): Grid {
  const values = 2 * workgroups * CHANNELS * padded;
  return { blocks: values / (padded >= 128 ? 4 : 2) / 128, threads: 128 };
}

/** X in boxes of 64 tokens of one slice, B and C in boxes of 64 tokens and 64 columns of one group. */
function mapsOf(
  engine: CudaEngine,
  { dims }: Problem<Ssd>,
  padded: Shape["padded"],
  { X, B, C }: Readonly<Record<"X" | "B" | "C", bigint>>,
): Uint8Array[] {
  const { batch, length, heads, groups, headDim, state } = dims;
  const columns = Math.min(padded, 64);
  const rowBytes = (2 * columns) as 32 | 64 | 128;
  const ofState = (address: bigint) =>
    engine.tensorMap(address, [state, groups, length, batch], [columns, 1, CHUNK, 1], rowBytes);
  return [
    engine.tensorMap(X, [headDim, heads, length, batch], [64, 1, CHUNK, 1], 128),
    ofState(B),
    ofState(C),
  ];
}
