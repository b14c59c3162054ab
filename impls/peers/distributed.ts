/** What the declarations of sharded programs share: how many ranks, how the problem is split, what they may send. */
import type { Rounding } from "../bound.js";
import type { DistributedEngine } from "../engines/distributed.js";
import { type Form, type Implementation, implementation } from "../implementation.js";
import type { AnyOperator, Problem } from "../operator.js";
import type { Options } from "../prepared.js";
import type { NonFinite } from "../spread.js";
import type { Traffic } from "../traffic.js";

/** Options of a sharded case: all there. */
export type Sharding = Options & { readonly ranks: number };

export interface Sharded<Op extends AnyOperator> {
  readonly form: Form;
  readonly source: string;
  readonly file: URL;
  /** sequence: segments of the tokens. tensor: heads, groups and columns of products. */
  readonly split: "sequence" | "tensor";
  /** How states go from segment to segment; absent where nothing is handed on so. */
  readonly passings?: readonly ("chain" | "tree")[];
  readonly takes?: readonly string[];
  readonly dtypes?: readonly Problem["dtype"][];
  readonly nonFinite?: NonFinite;
  readonly hasChunk?: true;
  /** On GPUs it is also captured as a graph, its calls with it. */
  readonly graph?: true;
  constants?(problem: Problem<Op>, options: Sharding): Readonly<Record<string, number | readonly number[]>>;
  rounding(problem: Problem<Op>, options: Sharding): Rounding;
  /** Why a problem cannot be divided so, one sentence. */
  refuses?(problem: Problem<Op>, ranks: number): string | undefined;
  /** @param moved bytes of an element of a half type or f32 as sums over ranks have it */
  traffic(problem: Problem<Op>, options: Sharding, moved: number): Traffic;
  scratchBytes(problem: Problem<Op>, options: Sharding): number;
}

/** Numbers of ranks that are worth a time, and those that are tried, odd divisions among them. */
const TIMED = [2, 4, 1];
const TRIED = [2, 3, 4, 7, 1];
/** Problems of fewer tokens are for trying: each in one way, which its seed says. */
const TIMED_FROM = 1024;

export function sharded<Op extends AnyOperator>(
  operator: Op,
  program: Sharded<Op>,
): Implementation<Op, "distributed"> {
  const { split, passings = [undefined], hasChunk, graph } = program;
  return implementation(operator, "distributed", {
    form: program.form,
    source: program.source,
    takes: program.takes ?? [],
    dtypes: program.dtypes ?? ["f32", "f16", "bf16"],
    options({ dims, seed }, engine) {
      const { length } = dims as { readonly length: number };
      const isGpu = engine.device.kind === "gpu";
      const tried = TRIED.filter((ranks) => ranks <= engine.mostRanks);
      const counts =
        length < TIMED_FROM
          ? [tried[seed % tried.length]]
          : TIMED.filter((ranks) => ranks <= engine.mostRanks);
      const way = Math.floor(seed / tried.length) % passings.length;
      const ways = length < TIMED_FROM ? [passings[way]] : passings;
      return counts
        .flatMap((ranks) => waysOf(ranks, ways).map((passing) => ({ ranks, split, passing })))
        .flatMap(({ passing, ...own }) =>
          (isGpu && graph ? ["graph", undefined] : [undefined]).map((make) => ({
            ...(hasChunk ? { chunk: isGpu ? 128 : 64 } : {}),
            ...(make === undefined ? {} : { make }),
            ...own,
            ...(passing === undefined ? {} : { passing }),
          })),
        );
    },
    absent: (engine) => engine.lacks(program.file, undefined, undefined),
    rounding: (problem, options) => program.rounding(problem, ranksOf(options)),
    bitwise: false,
    ...(program.nonFinite && { nonFinite: program.nonFinite }),
    unsupported(problem, options, engine) {
      const { ranks } = ranksOf(options);
      if (engine !== undefined && ranks > engine.mostRanks)
        return `needs ${ranks} ${engine.device.kind === "gpu" ? "GPUs" : "processes"}, at most ${engine.mostRanks} here`;
      const { length } = problem.dims as { readonly length: number };
      if (split === "sequence" && length < ranks)
        return `needs a token for each rank, got length=${length} ranks=${ranks}`;
      return program.refuses?.(problem, ranks);
    },
    timed: (_problem, options) =>
      `${ranksOf(options).ranks} processes, from the first one's start to the last one's end`,
    prepare(engine: DistributedEngine, problem, options) {
      const asked = ranksOf(options);
      return engine.prepared(operator, problem, options, {
        file: program.file,
        replay: options.make === "graph" ? "graph" : undefined,
        constants: program.constants?.(problem, asked) ?? {},
        scratchBytes: program.scratchBytes(problem, asked),
        traffic: program.traffic(problem, asked, isHalfMoved(engine, problem) ? 2 : 4),
        limitS: LEAST_LIMIT_S + operator.cost(problem).flops / LEAST_FLOPS_PER_S,
      });
    },
  });
}

/** Nothing is passed on by one rank, and two have one way. @param ways how states may go */
function waysOf<Way>(ranks: number, ways: readonly (Way | undefined)[]): readonly (Way | undefined)[] {
  if (ranks === 1) return [undefined];
  return ranks === 2 ? ways.slice(0, 1) : ways;
}

/** gloo adds half types up in f32, NCCL in the type that they are stored in. */
function isHalfMoved({ device }: DistributedEngine, { dtype }: Problem): boolean {
  return device.kind === "gpu" && dtype !== "f32";
}

/**
 * Rounding of a block one of whose products is summed over ranks: each rank stores its part, and in a half type every hop of the sum
 * stores what it has so far. In f32 these are among the roundings that a product's own bound counts, in whatever order it is summed.
 */
export function sumRounding(alone: Rounding, ranks: number): Rounding {
  return alone.storage === 0 || ranks === 1 ? alone : { ...alone, roundings: alone.roundings + 1 + ranks };
}

/** One call of one rank, beside the work that may lie between two: ranks may be as far apart as a slow machine lets them. */
const LEAST_LIMIT_S = 5;
const LEAST_FLOPS_PER_S = 5e8;

function ranksOf(options: Options): Sharding {
  return { ...options, ranks: options.ranks ?? 1 };
}
