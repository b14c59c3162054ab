/** The launches of a walk: one, or a walk for what segments add, the recurrence over them, and the walk that writes. */
import type { CudaEngine } from "../../engines/cuda.js";
import { type Asked, flag, problemDefines } from "./asked.js";
import { type Cut, roomBytes } from "./plan.js";
import { stepCut, stepSource } from "./step.js";

/** Parts of one program, in this order. */
const urls = [
  new URL("./steps.cu", import.meta.url),
  new URL("./walk.problem.cu", import.meta.url),
  new URL("./walk.tiles.cu", import.meta.url),
  new URL("./walk.tokens.cu", import.meta.url),
  new URL("./walk.kernels.cu", import.meta.url),
];

/** ends: the walk that finds what segments add. */
export type Part = "ends" | "pass" | "walk";

/** The source of one launch, and the definitions it is compiled with. */
export function walkSource(asked: Asked, cut: Cut, part: Part) {
  const outputs = part === "walk";
  return {
    libraries: ["elements"] as const,
    urls,
    entry: part === "pass" ? "pass_segments" : "walk",
    plain: true,
    defines: {
      ...problemDefines(asked, outputs),
      R: cut.columns,
      P: cut.channels,
      FULL: flag(asked.dims.state === 4 * cut.columns * cut.stateWarps),
      STATE_WARPS: cut.stateWarps,
      OCTETS: cut.octets,
      TOKENS: cut.tokens,
      // fours of tokens whose exponentials the compiler may mix: two, or four of few columns
      UNROLL: Math.min(cut.columns * cut.channels >= 4 ? 2 : 4, cut.tokens / 4),
      ROOM_BYTES: roomBytes(asked, cut, outputs),
      OUTPUTS: flag(outputs),
      SPLIT: flag(cut.segments > 1),
      CONSTANT_B: flag(asked.constantB),
      CONSTANT_C: flag(asked.constantC),
      DOCUMENTS: flag(asked.documents),
      ENTRY_WALK: flag(part !== "pass"),
      ENTRY_PASS_SEGMENTS: flag(part === "pass"),
    },
  };
}

/** Addresses of the tensors, 0 where there is none, as `Problem` of walk.problem.cu has them. */
export interface Tensors {
  readonly inputs: readonly bigint[];
  /** A factor of each token's past. */
  readonly kept: bigint;
  readonly Y: bigint;
  readonly finalState: bigint;
}

type Stage = Pick<ReturnType<CudaEngine["stage"]>, "scratch" | "kernel">;

/** Adds the launches: of one token a step, where its state has the sizes for that. @returns the segments that time is cut into */
export function addWalk(
  engine: Pick<CudaEngine, "pack" | "card">,
  stage: Stage,
  asked: Asked,
  cut: Cut,
  { inputs, kept, Y, finalState }: Tensors,
  limits: { readonly least: number; readonly most: number } = { least: 0, most: 0 },
): number {
  const { batch, length, heads, groups, headDim, state } = asked.dims;
  const channels = heads * headDim;
  const step = stepCut(asked, engine.card.facts.attributes);
  const together = step ? (step.threads / step.lanes) * step.rows : 8 * cut.channels * cut.octets;
  const slices = Math.ceil(channels / groups / together);
  const tokens = Math.ceil(length / cut.segments);
  const segments = Math.ceil(length / tokens);
  const planned = { ...cut, segments };
  const split = segments > 1;
  const row = batch * segments * channels;
  const parameters = engine.pack([
    ...[...inputs, kept, Y, finalState],
    split ? stage.scratch("states of segments", row * state * 4) : 0n,
    split ? stage.scratch("steps of segments", row * 8) : 0n,
    ...[batch, length, heads, groups, headDim, state, slices, segments, tokens],
    ...[{ f32: limits.least }, { f32: limits.most }],
  ]);
  if (step) {
    const blocks = [slices * groups, 1, batch] as const;
    stage.kernel(stepSource(asked, step), { blocks, threads: step.threads }, [parameters]);
    return 1;
  }
  const walk = (part: "ends" | "walk") =>
    stage.kernel(
      walkSource(asked, planned, part),
      {
        blocks: [slices * groups, segments, batch],
        threads: 32 * cut.stateWarps * cut.octets,
        sharedBytes: roomBytes(asked, cut, part === "walk"),
      },
      [parameters],
    );
  if (split) {
    walk("ends");
    const blocks = [Math.ceil((channels * state) / 128), batch, 1] as const;
    stage.kernel(walkSource(asked, planned, "pass"), { blocks, threads: 128 }, [parameters]);
  }
  walk("walk");
  return segments;
}
