/** The launches of the chunked form: outputs alone where workgroups fill the card, else segment states, their scan and the outputs. */
import type { CudaEngine } from "../../engines/cuda.js";
import type { Problem } from "../../operator.js";
import { type Ssd, ssd } from "../operator.js";
import {
  type Borders,
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
      // one kernel a program: a change of how time is cut compiles no more than it needs
      ...Object.fromEntries(ENTRIES.map((one) => [`ENTRY_${one.toUpperCase()}`, one === entry ? 1 : 0])),
    },
  };
}

/** How time is cut, where it is not left to the plan. */
export interface Cut {
  readonly way?: "fused" | "launches";
  readonly segments?: number;
  readonly tuning?: Tuning;
}

/** Fewest chunks a segment from which three launches beat one in which workgroups wait for each other. */
const FUSED_UP_TO = 8;

export async function prepareChunked(
  engine: CudaEngine,
  problem: Problem<Ssd>,
  { mma, borders }: Pick<Build, "mma" | "borders">,
  cut: Cut = {},
) {
  const { card } = engine;
  const { dims, inputs } = problem;
  const shape = shapeOf(problem);
  const { padded, workgroups, chunks } = shape;
  const build: Build = {
    shape,
    borders,
    mma,
    tuning: cut.tuning ?? tuningFor(padded, card.facts.attributes.sharedBytes),
    dt: inputs.dt !== undefined,
    z: inputs.z !== undefined,
    skip: inputs.D === undefined ? 0 : inputs.D.axes.length === 1 ? 1 : 2,
  };
  const source = (entry: Entry) => ({ ...chunkedSource(build, entry), plain: mma });
  const room = (kernel: keyof Tuning) => roomBytes(padded, build.tuning[kernel].slots, kernel !== "states");
  const resident = (entry: Entry, kernel: keyof Tuning) =>
    card.resident(card.kernel(source(entry)), THREADS, room(kernel));

  const fits = segmentsFor(shape, resident("segment_outputs", "output"));
  const segments = cut.segments ?? fits;
  const short = padded <= 128 && chunks <= FUSED_UP_TO * segments;
  const fused =
    segments > 1 &&
    (cut.way ?? (short ? "fused" : "launches")) === "fused" &&
    workgroups * segments <= resident("fused", "fused");

  const stage = engine.stage(ssd, problem);
  const [X, B, C] = [stage.input("X"), stage.input("B"), stage.input("C")];
  const bytes = scratchBytes(shape, segments, borders);
  const scratch = (what: keyof typeof bytes) =>
    segments > 1 ? stage.scratch(`${what} of segments`, bytes[what]) : 0n;
  const parameters = engine.pack([
    ...[X, B, C, stage.input("logA"), stage.input("dt"), stage.input("D"), stage.input("z")],
    ...[stage.input("initialState"), stage.output("Y"), stage.output("finalState", "f32")],
    ...[scratch("local"), scratch("entry"), scratch("decays")],
    fused ? stage.upload("counters", new Uint8Array(bytes.counters)) : 0n,
    ...[dims.batch, dims.length, dims.heads, dims.groups, dims.headDim, dims.state],
    ...[shape.slices, shape.pairs, chunks, segments],
  ]);
  const maps = mma ? [] : mapsOf(engine, problem, padded, { X, B, C });
  const all = [parameters, ...maps];
  const grid = (kernel: keyof Tuning) => ({
    blocks: workgroups * segments,
    threads: THREADS,
    sharedBytes: room(kernel),
  });
  if (fused) {
    stage.kernel(source("fused"), { ...grid("fused"), cooperative: true }, all);
  } else {
    // a kernel that starts early has loaded its first tiles when the one before it ends
    const early = !mma && segments > 1;
    if (segments > 1) {
      stage.kernel(source("segment_states"), grid("states"), all);
      const scan = { blocks: (workgroups * 2 * 64 * padded) / (padded >= 128 ? 4 : 2) / 128, threads: 128 };
      stage.kernel(source("pass_states"), { ...scan, early }, [parameters]);
    }
    stage.kernel(source("segment_outputs"), { ...grid("output"), early }, all);
  }
  return stage.prepared({ segments, launches: fused || segments === 1 ? 1 : 3 });
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
