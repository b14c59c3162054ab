/**
 * The block decomposition of the semiseparable matrix in ONNX operators: the four steps of listing 1 of the paper over all chunks at
 * once. Axes: m chunks, b batch, g groups, k heads of a group, q places in a chunk (t target, s source), p, n.
 */
import type { Graph, Value } from "../../engines/onnxruntime.js";
import type { Problem } from "../../operator.js";
import type { Ssd } from "../operator.js";

/** Sizes of one problem cut into chunks. */
export interface Plan {
  readonly chunk: number;
  readonly chunks: number;
  readonly batch: number;
  readonly groups: number;
  /** Heads of a group. */
  readonly perGroup: number;
  readonly headDim: number;
  readonly state: number;
}

export function planOf({ dims }: Pick<Problem<Ssd>, "dims">, chunkLength: number): Plan {
  const chunk = Math.min(chunkLength, dims.length);
  const { batch, groups, headDim, state } = dims;
  const perGroup = dims.heads / groups;
  return { chunk, chunks: Math.ceil(dims.length / chunk), batch, groups, perGroup, headDim, state };
}

/** Bytes of the tensor of all decay matrices, the largest there is. */
export function matrixBytes({ chunk, chunks, batch, groups, perGroup }: Plan): number {
  return 4 * chunks * batch * groups * perGroup * chunk * chunk;
}

/** @param x (b t h p) with the last chunk filled up @param logA (b t h) @param B, C (b t g n) @param S0 (b h n p) */
export interface ChunkInputs {
  readonly x: Value;
  readonly logA: Value;
  readonly B: Value;
  readonly C: Value;
  readonly S0: Value | undefined;
}

/** @returns Y (b t h p), as long as whole chunks are, and the state behind the last chunk (b g k n p) */
export function chunked(graph: Graph, plan: Plan, inputs: ChunkInputs): { Y: Value; S: Value } {
  const { chunk, chunks, batch, groups, perGroup, headDim, state } = plan;
  const tokens = [batch, chunks, chunk];
  const split = (value: Value, inner: readonly number[], perm: readonly number[]) =>
    graph.transpose(graph.reshape(value, [...tokens, ...inner]), perm);
  // heads share B and C of their group: (m b g 1 ...) broadcasts against (m b g k ...)
  const x = split(inputs.x, [groups, perGroup, headDim], [1, 0, 3, 4, 2, 5]);
  const logA = split(inputs.logA, [groups, perGroup], [1, 0, 3, 4, 2]);
  const C = split(inputs.C, [groups, 1, state], [1, 0, 3, 4, 2, 5]);
  const BColumns = split(inputs.B, [groups, 1, state], [1, 0, 3, 4, 5, 2]);

  // 1. diagonal blocks: (L o C B^T) x
  const { L, fromStart } = decays(graph, plan, logA);
  const CB = graph.op("MatMul", [C, BColumns]);
  const visible = graph.op("Where", [causal(graph, chunk), CB, graph.number(0)]);
  const within = graph.op("MatMul", [graph.op("Mul", [L, visible]), x]);
  // 2. chunk states: what each chunk adds to the state at its end
  const column = (value: Value) => graph.op("Unsqueeze", [value, graph.ints([-1])]);
  const toEnd = lastOf(graph, L, 4);
  const added = graph.op("MatMul", [BColumns, graph.op("Mul", [x, column(toEnd)])]);
  // 3. pass states
  const passed = pass(graph, plan, added, column(column(lastOf(graph, fromStart, 4))), inputs.S0);
  // 4. state to output
  const carried = passed.entering && graph.op("MatMul", [C, passed.entering]);
  const Y = carried ? graph.op("Add", [within, graph.op("Mul", [carried, column(fromStart)])]) : within;
  const inOrder = graph.transpose(Y, [1, 0, 4, 2, 3, 5]);
  const shape = [batch, chunks * chunk, groups * perGroup, headDim];
  return { Y: graph.reshape(inOrder, shape), S: passed.S };
}

/**
 * L (m b g k t s), the decay from s to t, as the exponential of a sum over the segment (s, t]: not a difference of running sums, those
 * cancel. Above the diagonal it is 1. `fromStart` (m b g k t) is the decay of a chunk up to and with t.
 */
function decays(graph: Graph, { chunk }: Plan, logA: Value): { L: Value; fromStart: Value } {
  const after = graph.bools(
    square(chunk, (t, s) => t > s),
    [chunk, chunk],
  );
  const steps = graph.op("Where", [after, graph.op("Unsqueeze", [logA, graph.ints([-1])]), graph.number(0)]);
  const sums = (value: Value) => graph.op("CumSum", [value, graph.index(4)]);
  return { L: graph.op("Exp", [sums(steps)]), fromStart: graph.op("Exp", [sums(logA)]) };
}

function causal(graph: Graph, chunk: number): Value {
  return graph.bools(
    square(chunk, (t, s) => t >= s),
    [chunk, chunk],
  );
}

function square(size: number, at: (row: number, column: number) => boolean): boolean[] {
  return Array.from({ length: size * size }, (_, i) => at(Math.floor(i / size), i % size));
}

/** The last place along an axis, that axis dropped. */
function lastOf(graph: Graph, value: Value, axis: number): Value {
  return graph.op("Gather", [value, graph.index(-1)], { attributes: { axis } });
}

/**
 * The recurrence over chunks, S <- decay S + added, as a Scan.
 * @param decay (m b g k 1 1)
 * @returns the states that enter the chunks (m b g k n p), nothing where there is one chunk that starts from zero
 */
function pass(graph: Graph, plan: Plan, added: Value, decay: Value, S0: Value | undefined) {
  const { chunks, batch, groups, perGroup, headDim, state } = plan;
  const shape = [batch, groups, perGroup, state, headDim];
  if (chunks === 1 && !S0) return { S: graph.reshape(added, shape), entering: undefined };
  const start = S0 ? graph.reshape(S0, shape) : graph.zeros(shape);
  const body = graph.body();
  const S = body.input(shape);
  const decayOfChunk = body.input([batch, groups, perGroup, 1, 1]);
  const addedByChunk = body.input(shape);
  body.output(body.op("Add", [body.op("Mul", [S, decayOfChunk]), addedByChunk]), shape);
  body.output(S, shape);
  const [last, entering] = graph.ops("Scan", [start, decay, added], 2, {
    attributes: { body, num_scan_inputs: 2 },
  });
  return { S: last, entering };
}
