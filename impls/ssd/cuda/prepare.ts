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
  slabBytes,
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
  new URL("./chunked.slabs.cu", import.meta.url),
];

export type Entry = "segment_states" | "pass_states" | "segment_outputs" | "slab_outputs";
const ENTRIES: readonly Entry[] = ["segment_states", "pass_states", "segment_outputs", "slab_outputs"];

/** What the kernels are compiled for. */
export interface Build {
  readonly shape: Shape;
  readonly tuning: Tuning;
  readonly borders: Borders;
  /** Products of 16 x 8 x 16 and ordinary copies instead of Hopper's. */
  readonly mma: boolean;
  readonly dt: boolean;
  readonly z: boolean;
  /** 0: none, 1: one a head, 2: one a channel. */
  readonly skip: 0 | 1 | 2;
}

/** The source of one kernel, and the definitions it is compiled with. */
export function chunkedSource(build: Build, entry: Entry) {
  const { shape, tuning, borders } = build;
  return {
    urls,
    entry,
    defines: {
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
      TOGETHER: tuning.output.together ? 1 : 0,
      // one kernel a program: a change of how time is cut compiles no more than it needs
      ...Object.fromEntries(ENTRIES.map((one) => [`ENTRY_${one.toUpperCase()}`, one === entry ? 1 : 0])),
    },
  };
}

/** What is planned unless it is given. */
export interface Cut {
  readonly segments?: number;
  readonly tuning?: Tuning;
  /** Chunks of a segment of a slab: one launch that reads X once; else launches after each other. */
  readonly slab?: number;
  readonly defines?: Readonly<Record<string, number>>;
  readonly cooperative?: boolean;
}

/** Kernels of one problem on one card. */
class Kernels {
  constructor(
    readonly engine: CudaEngine,
    readonly build: Build,
    readonly defines: Readonly<Record<string, number>> = {},
  ) {}

  source(entry: Entry) {
    const source = chunkedSource(this.build, entry);
    return { ...source, defines: { ...source.defines, ...this.defines }, plain: this.build.mma };
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
    dt: inputs.dt !== undefined,
    z: inputs.z !== undefined,
    skip: inputs.D === undefined ? 0 : inputs.D.axes.length === 1 ? 1 : 2,
  };
}

export async function prepareChunked(
  engine: CudaEngine,
  problem: Problem<Ssd>,
  make: Pick<Build, "mma" | "borders">,
  cut: Cut = {},
) {
  const { dims } = problem;
  const build = buildFor(engine, problem, make, cut.tuning);
  const { shape, borders, mma } = build;
  const kernels = new Kernels(engine, build, cut.defines);
  if (cut.slab) return prepareSlabs(engine, problem, build, kernels, cut);
  const segments = cut.segments ?? segmentsFor(shape, kernels.resident("segment_outputs", "output"));
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
    ...[shape.slices, shape.pairs, shape.chunks, segments, 1, 0n, 0n],
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

/** One launch, workgroups that wait for each other. */
function prepareSlabs(
  engine: CudaEngine,
  problem: Problem<Ssd>,
  { shape, borders, tuning }: Build,
  kernels: Kernels,
  { slab = 4, segments, cooperative = true }: Cut,
) {
  const { dims } = problem;
  const sharedBytes = slabBytes(shape.padded, tuning);
  const resident = engine.card.resident(engine.card.kernel(kernels.source("slab_outputs")), THREADS, sharedBytes);
  const beside = segments ?? Math.min(shape.chunks, Math.floor(resident / shape.workgroups));
  const slabs = Math.ceil(shape.chunks / (beside * slab));
  const stage = engine.stage(ssd, problem);
  const [X, B, C] = [stage.input("X"), stage.input("B"), stage.input("C")];
  const bytes = scratchBytes(shape, beside * Math.min(slabs, 2), borders);
  const states = stage.scratch("states of segments", bytes.local);
  const parameters = engine.pack([
    ...[X, B, C, stage.input("logA"), stage.input("dt"), stage.input("D"), stage.input("z")],
    ...[stage.input("initialState"), stage.output("Y"), stage.output("finalState", "f32")],
    ...[states, states, stage.scratch("decays of segments", bytes.decays)],
    ...[dims.batch, dims.length, dims.heads, dims.groups, dims.headDim, dims.state],
    ...[shape.slices, shape.pairs, shape.chunks, beside * slabs, slabs],
    stage.upload("signals", new Uint8Array((2 * shape.workgroups + 1) * 128)),
    stage.scratch("states between slabs", shape.workgroups * 2 * CHANNELS * shape.padded * 4),
  ]);
  stage.kernel(
    kernels.source("slab_outputs"),
    { blocks: shape.workgroups * beside, threads: THREADS, sharedBytes, cooperative },
    [parameters, ...mapsOf(engine, problem, shape.padded, { X, B, C })],
  );
  return stage.prepared({ segments: beside * slabs, slabs });
}

/** A thread takes eight, four values of one unit's state, or two values of one unit's state, fewer where states are small: `W` of chunked.kernels.cu. */
function scanGrid({ workgroups, padded }: Shape): Grid {
  const values = 2 * workgroups * CHANNELS * padded;
  return { blocks: values / (padded === 256 ? 8 : padded === 128 ? 4 : 2) / 128, threads: 128 };
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
