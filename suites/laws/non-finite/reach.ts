/**
 * Which outputs read an element of an input: by the equations of each operator, never by the code of a kernel. What an output does not
 * read it cannot depend on, whatever stands there.
 */
import { firstKey } from "../../../impls/attention_decode/operator.js";
import type { Document } from "../../../impls/documents.js";
import { type AnyOperator, outputAxes, outputShape, type Problem } from "../../../impls/operator.js";
import { coordinatesOf, documentRows } from "./places.js";

/** One element of an input. */
export interface Site {
  readonly input: string;
  /** Flat C-order index. */
  readonly at: number;
}

type Coordinates = Readonly<Record<string, number>>;

interface Rules {
  /** Inputs that only the output of their own token reads, and no state. */
  readonly own?: readonly string[];
  /** Axes that a channel or a state is read along; others of one name are summed over. */
  readonly apart: readonly string[];
  /** Of outputs that read few inputs: which. */
  readonly outputs?: Readonly<Record<string, readonly string[]>>;
}

const SEQUENCE: Rules = { own: ["C", "D", "z"], apart: ["headDim", "state"] };
const SOFTMAX: Rules = { own: ["Q"], apart: ["headDimV"] };

/** What an angle is a sum of. */
const TURNS = ["angles", "dt", "initialAngles"];

const RULES: Readonly<Record<string, Rules>> = {
  ssd: SEQUENCE,
  ssd_decode: SEQUENCE,
  selective_scan: SEQUENCE,
  selective_scan_decode: SEQUENCE,
  attention: SOFTMAX,
  attention_decode: SOFTMAX,
  masked_attention: SOFTMAX,
  convolution: { apart: ["headDim"] },
  causal_conv1d: { own: ["weight", "bias"], apart: ["headDim"] },
  rms_norm_gated: { own: ["X", "z", "weight", "bias"], apart: ["headDim"] },
  mamba3: {
    own: ["Q", "biasQ", "D", "z"],
    apart: ["headDim"],
    outputs: {
      finalAngles: TURNS,
      finalK: [...TURNS, "K", "biasK"],
      finalV: ["V"],
    },
  },
  // projections mix the channels of a token; states are apart
  mamba2_block: { apart: ["headDim", "state"] },
  mamba1_block: { apart: ["state"] },
  attention_block: { apart: [] },
  swiglu_block: { own: ["u"], apart: [] },
};

/** Of gradients: batches, heads and documents are apart, and cotangents reach no later token. All else may meet. */
const GRADIENT: Rules = { apart: [] };

/** Projections mix the heads of a block. */
const isGradientOfBlock = ({ name }: AnyOperator) => name.endsWith("_block_grad");

/**
 * Whether an element of an output, by its flat C-order index, reads an element of an input.
 * @param block tokens that are taken for one another, so many from each multiple on; 0: none
 * @throws where the operator has no rules
 */
export function readers(
  operator: AnyOperator,
  problem: Problem,
  { input, at }: Site,
  output: string,
  block = 0,
): (flat: number) => boolean {
  const source = problem.inputs[input]!;
  const rules = operator.name.endsWith("_grad") ? GRADIENT : RULES[operator.name];
  if (!rules) throw new Error(`nobody has said which outputs of ${operator.name} read ${input}`);
  const site = coordinatesOf(source.axes, source.shape, at);
  const [axes, shape] = [outputAxes(operator, problem, output), outputShape(operator, problem, output)];
  // a norm divides by what is of all channels of a group
  const normed = operator.name === "rms_norm_gated" && isNormed(problem, input);
  const byToken = tokensThatRead(operator, problem, rules, { input, site, block }, output);
  return (flat) => {
    const place = coordinatesOf(axes, shape, flat);
    return (
      isSame("batch", site, place) &&
      (isGradientOfBlock(operator) || meetsHead(problem.dims as Coordinates, site, place, normed)) &&
      (normed || rules.apart.every((axis) => isSame(axis, site, place))) &&
      byToken(place)
    );
  };
}

const isSame = (axis: string, a: Coordinates, b: Coordinates) =>
  a[axis] === undefined || b[axis] === undefined || a[axis] === b[axis];

const isNormed = ({ settings }: Problem, input: string) =>
  input === "X" || (input === "z" && settings.normBeforeGate !== true);

/** Heads read their own and their group. @param anyOfGroup all heads of a group meet */
function meetsHead({ heads, groups }: Coordinates, a: Coordinates, b: Coordinates, anyOfGroup: boolean) {
  if (a.heads !== undefined && b.heads !== undefined && !anyOfGroup) return a.heads === b.heads;
  const groupOf = (one: Coordinates) => one.groups ?? Math.floor((one.heads * groups) / heads);
  const known = [a, b].every((one) => one.heads !== undefined || one.groups !== undefined);
  return !known || groups === undefined || groupOf(a) === groupOf(b);
}

const tokenOf = (place: Coordinates): number | undefined => place.length ?? place.context;

function tokensThatRead(
  operator: AnyOperator,
  problem: Problem,
  rules: Rules,
  { input, site, block }: { readonly input: string; readonly site: Coordinates; readonly block: number },
  output: string,
): (place: Coordinates) => boolean {
  const isOwn = rules.own?.includes(input) ?? false;
  if (isOwn && (output === "finalState" || output === "documentStates")) return () => false;
  if (rules.outputs?.[output]?.includes(input) === false) return () => false;
  // a cache lies before the first token
  if (operator.name === "attention_block" && site.context !== undefined) return () => true;
  if (operator.name === "causal_conv1d") return tapsThatRead(problem, input, site, output);
  const dims = problem.dims as Coordinates;
  // a step has one token, and what it keeps of those before is read by it alone
  if (dims.length === undefined) {
    const first = operator.name === "attention_decode" ? firstKey(problem as never) : 0;
    return () => site.context === undefined || site.context >= first;
  }
  const t = tokenOf(site);
  if (input === "dY" && (output === "Y" || output === "finalState")) return () => false;
  if (t !== undefined && (input === "Q" || input === "dY") && !seesAnything(problem, t)) return () => false;
  const rows = documentRows(problem);
  const last = dims.length - 1;
  const reads = tokenReader(operator, problem, isOwn, input, site);
  const shared = t !== undefined && block > 0 && !isOwn ? tilesThatMeet(problem, reads, t, block) : reads;
  return (place) => {
    if (output === "documentStates" && problem.inputs.documents && site.batch !== undefined)
      return place.documents === indexOfDocument(rows[site.batch], t);
    const there = tokenOf(place) ?? (output === "finalState" ? last : undefined);
    if (there === undefined) return true;
    const row = rows[site.batch ?? place.batch];
    if (input === "initialState") return isFirst(row, there) && row[0].id === 0;
    if (input === "dFinalState") return row.at(-1)!.start <= there;
    return t === undefined || shared(there, t);
  };
}

/** Whether an output of one token reads an input at another one. */
type TokenReader = (there: number, t: number) => boolean;

function tokenReader(
  operator: AnyOperator,
  problem: Problem,
  isOwn: boolean,
  input: string,
  site: Coordinates,
): TokenReader {
  // tokens of a Toeplitz mask and of a long kernel are distances
  const isPacked = problem.inputs.documents !== undefined && site.batch !== undefined;
  const row = documentRows(problem)[site.batch ?? 0];
  const isKey = site.context !== undefined;
  return (there, t) => {
    if (isPacked && documentAt(row, t) !== documentAt(row, there)) return false;
    if (isOwn) return there === t;
    if (input === "dY") return seesToken(problem, t, there);
    if (operator.name.endsWith("_grad")) return !isKey || isSeen(problem, row, t);
    return seesToken(problem, there, t);
  };
}

/** The same for tiles: one of the outputs of a tile reads one of the inputs of another, and all of both meet. */
function tilesThatMeet({ dims }: Problem, reads: TokenReader, t: number, block: number): TokenReader {
  const { length, context = length } = dims as Coordinates;
  const start = (token: number) =>
    block === Number.POSITIVE_INFINITY ? 0 : Math.floor(token / block) * block;
  const met = new Map<number, boolean>();
  const meets = (first: number) => {
    for (let there = first; there < Math.min(first + block, length); there++)
      for (let own = start(t); own < Math.min(start(t) + block, context); own++)
        if (reads(there, own)) return true;
    return false;
  };
  return (there) => {
    const first = start(there);
    if (!met.has(first)) met.set(first, meets(first));
    return met.get(first)!;
  };
}

/** A query sees keys within its window, and later ones only where nothing is causal. */
function seesToken({ settings }: Problem, query: number, key: number): boolean {
  const window = (settings.window as number | undefined) || Number.POSITIVE_INFINITY;
  const ahead = settings.causal === false ? Math.abs(query - key) < window : key <= query;
  return ahead && query - key < window;
}

/** A key that no query sees has no part in anything. */
function isSeen(problem: Problem, row: readonly Document[], key: number): boolean {
  const { start, end } = problem.inputs.documents
    ? documentAt(row, key)
    : { start: 0, end: problem.dims.length };
  for (let query = start; query < end; query++) if (seesToken(problem, query, key)) return true;
  return false;
}

/** A query that sees no key gives 0, whatever it is. */
function seesAnything({ dims, settings }: Problem, query: number): boolean {
  const { context } = dims as Coordinates;
  const window = (settings.window as number | undefined) || Number.POSITIVE_INFINITY;
  return settings.causal !== false || query - window + 1 < context;
}

function documentAt(row: readonly Document[], token: number): Document {
  return row.find(({ end }) => token < end)!;
}

const isFirst = (row: readonly Document[], token: number) => token < row[0].end;

/** The document of a token, or of the initial state, among those of its row; -1 where no document begins with that state. */
function indexOfDocument(row: readonly Document[], token: number | undefined): number {
  if (token === undefined) return row[0].id === 0 ? 0 : -1;
  return row.findIndex(({ end }) => token < end);
}

/** A short filter: a token is read by the next `past` tokens of its document, and the last ones by the final state. */
function tapsThatRead(
  problem: Problem,
  input: string,
  site: Coordinates,
  output: string,
): (place: Coordinates) => boolean {
  if (input === "weight" || input === "bias") return () => output === "Y";
  const { length, past } = problem.dims as Coordinates;
  const row = documentRows(problem)[site.batch];
  // an initial state is the tokens before the first one
  const t = input === "initialState" ? site.past - past : site.length;
  const own = t < 0 ? { ...row[0], start: -past } : documentAt(row, t);
  if (t < 0 && row[0].id !== 0) return () => false;
  return (place) => {
    if (output === "finalState") return t === length - past + place.past && own.end === length;
    return t <= place.length && place.length <= t + past && place.length < own.end;
  };
}
