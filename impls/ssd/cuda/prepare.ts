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
  TOGETHER_FROM,
  type Tuning,
  tuningFor,
} from "./plan.js";

/** Parts of one program, in this order. */
const urls = [
  new URL("./chunked.tiles.cu", import.meta.url),
  new URL("./chunked.products.cu", import.meta.url),
  new URL("./chunked.loads.cu", import.meta.url),
  new URL("./chunked.passes.cu", import.meta.url),
  new URL("./chunked.kernels.cu", import.meta.url),
];

export type Entry = "segment_states" | "pass_states" | "segment_outputs" | "fused";
const ENTRIES: readonly Entry[] = ["segment_states", "pass_states", "segment_outputs", "fused"];

/** What the kernels are compiled for. */
export interface Build {
  readonly shape: Shape;
  readonly tuning: Tuning;
  readonly borders: Borders;
  /** Each workgroup adds up what earlier segments left, instead of a scan between the walks. */
  readonly direct: boolean;
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
      SLOTS_FUSED: tuning.fused.slots,
      RESIDENT_STATES: tuning.states.resident,
      RESIDENT_OUTPUT: tuning.output.resident,
      RESIDENT_FUSED: tuning.fused.resident,
      MOST_SEGMENTS,
      TOGETHER_FROM,
      DIRECT: build.direct ? 1 : 0,
      // one kernel a program: a change of how time is cut compiles no more than it needs
      ...Object.fromEntries(ENTRIES.map((one) => [`ENTRY_${one.toUpperCase()}`, one === entry ? 1 : 0])),
    },
  };
}

/** How time is cut and passed on; what is left out is planned. */
export interface Cut {
  readonly segments?: number;
  /** All in one launch in which workgroups wait for each other, or a launch each. */
  readonly way?: "fused" | "launches";
  readonly direct?: boolean;
  readonly tuning?: Tuning;
}

/** Segments times padded columns of state up to which sums that every workgroup makes for itself beat a scan. */
const DIRECT_UP_TO = 1024;
/** Most chunks a segment with which one launch may beat several. */
const FUSED_UP_TO = 8;

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

/** @returns the kernels, compiled for how time is cut, and that cut */
function cutTime(engine: CudaEngine, whole: Build, cut: Cut) {
  const { padded, workgroups, chunks } = whole.shape;
  const segments =
    cut.segments ??
    segmentsFor(whole.shape, new Kernels(engine, whole).resident("segment_outputs", "output"));
  const direct = segments > 1 && (cut.direct ?? segments * padded <= DIRECT_UP_TO);
  const kernels = new Kernels(engine, { ...whole, direct });
  const short = padded <= 128 && chunks <= FUSED_UP_TO * segments;
  const fused =
    segments > 1 &&
    (cut.way ?? (short ? "fused" : "launches")) === "fused" &&
    workgroups * segments <= kernels.resident("fused", "fused");
  return { kernels, segments, direct, fused };
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
    direct: false,
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
  const { kernels, segments, direct, fused } = cutTime(engine, build, cut);
  const stage = engine.stage(ssd, problem);
  const [X, B, C] = [stage.input("X"), stage.input("B"), stage.input("C")];
  const bytes = scratchBytes(shape, segments, borders);
  const scratch = (what: keyof typeof bytes, wanted = segments > 1) =>
    wanted ? stage.scratch(`${what} of segments`, bytes[what]) : 0n;
  const parameters = engine.pack([
    ...[X, B, C, stage.input("logA"), stage.input("dt"), stage.input("D"), stage.input("z")],
    ...[stage.input("initialState"), stage.output("Y"), stage.output("finalState", "f32")],
    ...[scratch("local"), scratch("entry", segments > 1 && !direct), scratch("decays")],
    fused ? stage.upload("counters", new Uint8Array(bytes.counters)) : 0n,
    ...[dims.batch, dims.length, dims.heads, dims.groups, dims.headDim, dims.state],
    ...[shape.slices, shape.pairs, shape.chunks, segments],
  ]);
  const maps = mma ? [] : mapsOf(engine, problem, shape.padded, { X, B, C });
  const add = (entry: Entry, kernel: keyof Tuning, how: Partial<Grid>) =>
    stage.kernel(
      kernels.source(entry),
      {
        blocks: shape.workgroups * segments,
        threads: THREADS,
        sharedBytes: kernels.room(kernel),
        ...how,
      },
      [parameters, ...maps],
    );
  // a kernel that starts early has loaded its first tiles when the one before it ends
  const early = !mma && segments > 1;
  if (fused) {
    add("fused", "fused", { cooperative: true });
  } else {
    if (segments > 1) add("segment_states", "states", {});
    if (segments > 1 && !direct)
      stage.kernel(kernels.source("pass_states"), { ...scanGrid(shape), early }, [parameters]);
    add("segment_outputs", "output", { early });
  }
  const launches = fused || segments === 1 ? 1 : direct ? 2 : 3;
  return stage.prepared({ segments, launches });
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
