/** What the declarations of torch programs share: their options on CPU and GPU, their absence, how they are prepared. */
import type { Rounding } from "../bound.js";
import type { TorchEngine, TorchProgram } from "../engines/torch.js";
import { type Form, type Implementation, implementation } from "../implementation.js";
import { NVIDIA } from "../matrix-unit.js";
import type { AnyOperator, Problem } from "../operator.js";
import type { Options } from "../prepared.js";
import type { NonFinite } from "../spread.js";

export interface TorchPeer<Op extends AnyOperator> {
  readonly form: Form;
  readonly source: string;
  /** `new URL("./torch/form.py", import.meta.url)` */
  readonly file: URL;
  /** Name of the kernel, where the form has several. */
  readonly make?: string;
  /** Further makes of the same program: through torch.compile and as a replayed CUDA graph. */
  readonly replays?: readonly NonNullable<TorchProgram["replay"]>[];
  readonly dtypes?: readonly Problem["dtype"][];
  /** Extras of the operator that the program knows. */
  readonly takes?: readonly string[];
  readonly nonFinite?: NonFinite;
  /** Chunk length by problem and device, where the form has one. */
  chunk?(problem: Problem<Op>, engine: TorchEngine): number;
  constants?(problem: Problem<Op>, options: Options): NonNullable<TorchProgram["constants"]>;
  rounding(problem: Problem<Op>, options: Options): Rounding;
  unsupported?(problem: Problem<Op>, options: Options, engine?: TorchEngine): string | undefined;
  /** Bytes of intermediate tensors alive at once, at most. */
  scratchBytes(problem: Problem<Op>, options: Options): number;
  timed?(problem: Problem<Op>, options: Options): string;
}

/** torch.compile takes seconds to minutes for each shape: only where that is little beside what it is compared with. */
const COMPILED_FROM = 512;
/** A graph holds each kernel launch as a node. */
export const CAPTURED_UP_TO = 16_384;

/** The program itself, then each of its replays. */
export function torchPeers<Op extends AnyOperator>(
  operator: Op,
  peer: TorchPeer<Op>,
): Implementation<Op, "torch">[] {
  return [undefined, ...(peer.replays ?? [])].map((replay) => torchPeer(operator, peer, replay));
}

function torchPeer<Op extends AnyOperator>(
  operator: Op,
  peer: TorchPeer<Op>,
  replay: TorchProgram["replay"],
): Implementation<Op, "torch"> {
  const make = [peer.make, replay].filter(Boolean).join("-") || undefined;
  return implementation(operator, "torch", {
    form: peer.form,
    source: peer.source,
    takes: peer.takes ?? [],
    dtypes: peer.dtypes ?? ["f32", "f16", "bf16"],
    options(problem, engine) {
      const chunk = peer.chunk?.(problem, engine);
      const own: Options = {
        ...(chunk === undefined ? {} : { chunk }),
        ...(make === undefined ? {} : { make }),
      };
      if (engine.device.kind !== "cpu") return [own];
      const alone = { ...own, threads: 1 };
      return engine.threads > 1 ? [alone, { ...own, threads: engine.threads }] : [alone];
    },
    absent: (engine) => engine.lacks(peer.file, peer.make, replay),
    rounding: peer.rounding,
    // "Batched computations or slice computations": torch's notes on numerical accuracy promise no equal bits
    bitwise: false,
    ...(peer.nonFinite && { nonFinite: peer.nonFinite }),
    unsupported(problem, options, engine) {
      const { length } = problem.dims as { length: number };
      if (replay === "compile" && length < COMPILED_FROM)
        return `is compiled anew for each shape, which is not worth its time below ${COMPILED_FROM} tokens`;
      return peer.unsupported?.(problem, options, engine);
    },
    timed: (problem, options) =>
      [peer.timed?.(problem, options), replay && REPLAYED[replay]].filter(Boolean).join("; "),
    prepare: (engine, problem, options) =>
      engine.prepared(operator, problem, options, {
        file: peer.file,
        replay,
        constants: peer.constants?.(problem, options) ?? {},
        scratchBytes: peer.scratchBytes(problem, options),
      }),
  });
}

const REPLAYED = {
  compile: "compiled before timing (torch.compile)",
  graph: "kernels launched together (CUDA graph)",
} as const;

/** Bytes of a tensor of so many elements in the type that intermediate results are computed in, at most. */
export function f32Bytes(...sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 4);
}

/** Roundoff of storage. */
export function storageOf(dtype: Problem["dtype"]): number {
  return dtype === "f16" ? 2 ** -11 : dtype === "bf16" ? 2 ** -8 : 0;
}

/**
 * Rounding of torch ops: products of the half types are summed by matrix units where a card has them, all else in f32 to nearest;
 * intermediate results of the half types are stored in them.
 * @param stored how often a value of a half type is rounded to storage between input and output
 * @param terms products of the shortest sum over channels; absent where there are none but elementwise ones
 */
export function torchRounding(
  dtype: Problem["dtype"],
  longestSum: number,
  stored: number,
  terms?: number,
): Rounding {
  const half = dtype !== "f32";
  return {
    accumulate: 2 ** -24,
    storage: storageOf(dtype),
    roundings: half ? stored : 0,
    longestSum,
    decay: "segsum",
    ...(half && terms !== undefined ? { products: { unit: NVIDIA, terms } } : {}),
  };
}
