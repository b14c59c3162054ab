/** How an operator is computed: one form on one engine. A file `form.engine.ts` beside the operator exports one of these. */
import type { Rounding } from "./bound.js";
import type { Engine } from "./engines/engine.js";
import type { EngineName, Engines } from "./engines/index.js";
import type { AnyOperator, Problem } from "./operator.js";
import type { Options, Prepared } from "./prepared.js";
import type { NonFinite } from "./spread.js";

/** Names used by the papers; a new form is added here, with its source in the operator's README. */
export const FORMS = [
  "recurrent",
  "quadratic",
  "chunked",
  "scan",
  "materialised",
  "tiled",
  "fft",
  "contraction",
  "linear",
  "direct",
  "fused",
] as const;
export type Form = (typeof FORMS)[number];

export interface ImplementationCost {
  readonly flops: number;
  readonly bytes: number;
  readonly dispatches: number;
}

export interface Implementation<Op extends AnyOperator = AnyOperator, E extends EngineName = EngineName> {
  readonly operator: Op;
  readonly form: Form;
  readonly engine: E;
  /** Section of the paper, or algorithm and author, that this follows. */
  readonly source: string;
  /**
   * Options to run by default, the first being the one that suites time; empty options when there are none. A promise where the engine
   * measures before it chooses: what it chose then stands in the case id.
   */
  options?(problem: Problem<Op>, engine: Engines[E]): readonly Options[] | Promise<readonly Options[]>;
  rounding(problem: Problem<Op>, options: Options): Rounding;
  /**
   * False where a library chooses its kernels by shape and place: laws that other implementations of the form keep bit for bit (an
   * early output under late inputs, one head among others) then hold within the bounds only.
   */
  readonly bitwise?: false;
  /** Laws, by name, that others of the form keep bit for bit and this one within the bounds: it takes some tokens at a time, say. */
  readonly withinBounds?: readonly string[];
  /** How far NaN and infinities go beyond the outputs that read them; no further where it says nothing. */
  readonly nonFinite?: NonFinite;
  /**
   * A sentence with what is needed and what was got, or undefined. dtypes other than f32 need `dtypes`.
   * @param engine where it is open: a peer's kernel may take a dtype on one device and not on another
   */
  unsupported?(problem: Problem<Op>, options: Options, engine?: Engines[E]): string | undefined;
  /** A sentence when this engine's device lacks what every problem needs, e.g. a peer's package; then it takes no part. */
  absent?(engine: Engines[E]): Promise<string | undefined>;
  /** Where a run differs from the operator's own `timed`: done before it, done besides, or in another precision. */
  timed?(problem: Problem<Op>, options: Options): string;
  /** Extras of the operator that it knows, e.g. documents. A problem with others is declined: a kernel may not know that they exist. */
  readonly takes?: readonly string[];
  /** Storage types this accepts; default f32 only. */
  readonly dtypes?: readonly Problem["dtype"][];
  /**
   * Sizes of its fastest kernels, where others take what does not divide by them, e.g. `{ state: 8 }`. `verify` rounds the sizes of most
   * problems up to multiples: hardly any of those it draws would be one.
   */
  readonly grain?: Readonly<Partial<Record<string, number>>>;
  prepare(
    engine: Engines[E],
    problem: Problem<Op>,
    options: Options,
  ): PreparedOn<Op, E> | Promise<PreparedOn<Op, E>>;
  /** What this form really does (for the roofline of a form and the gate); the operator's own cost is the least work. */
  cost?(problem: Problem<Op>, options: Options): ImplementationCost;
}

/** What `prepare` returns on engine E. */
export type PreparedOn<Op extends AnyOperator, E extends EngineName> = Prepared<
  Op,
  Engines[E] extends { time(run: (launch: infer Launch) => unknown, repeats: number): unknown }
    ? Launch
    : never
>;

/** An implementation of any operator on any engine, as lists and runners hold it. */
// biome-ignore lint/suspicious/noExplicitAny: methods take a problem of their own operator; runners pair them by operator name
export type AnyImplementation = Implementation<any, any>;

/** Declares an implementation; operator and engine decide the types of inputs, outputs and launch. */
export function implementation<Op extends AnyOperator, E extends EngineName>(
  operator: Op,
  engine: E,
  body: Omit<Implementation<Op, E>, "operator" | "engine">,
): Implementation<Op, E> {
  return { operator, engine, ...body };
}

/** `operator/form.engine`, the start of a case id. */
export function implementationName({ operator, form, engine }: AnyImplementation): string {
  return `${operator.name}/${form}.${engine}`;
}

/** Why an implementation cannot take a problem: its dtype, or its own reason. */
export function unsupportedReason(
  impl: AnyImplementation,
  problem: Problem,
  options: Options,
  engine?: Engine<unknown>,
): string | undefined {
  const dtypes: readonly string[] = impl.dtypes ?? ["f32"];
  if (!dtypes.includes(problem.dtype)) return `needs dtype ${dtypes.join(" or ")}, got ${problem.dtype}`;
  const extras: readonly string[] = impl.operator.extras?.(problem) ?? [];
  const unknown = extras.filter((extra) => !impl.takes?.includes(extra));
  // one of them is enough: lists of reasons should be short
  if (unknown.length > 0) return `takes no ${unknown[0]}`;
  return impl.unsupported?.(problem, options, engine) ?? engine?.unsupported?.(problem);
}

/** Largest single tensor: 32-bit heaps hold a handful of these and no more. */
const LARGEST_BYTES = 2 ** 29;

/** A sentence when one tensor of the form would be larger than any backend takes, or undefined. */
export function tooLarge(what: string, bytes: number): string | undefined {
  if (bytes <= LARGEST_BYTES) return undefined;
  return `${what} would take ${mebibytes(bytes)} in one tensor, at most ${mebibytes(LARGEST_BYTES)} is supported`;
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
