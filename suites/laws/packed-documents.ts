import { attention } from "../../impls/attention/index.js";
import { causalConv1d } from "../../impls/causal_conv1d/index.js";
import { type Document, documentsOfSource } from "../../impls/documents.js";
import { mamba2Block } from "../../impls/mamba2_block/index.js";
import type { AnyOperator, Problem } from "../../impls/operator.js";
import { selectiveScan } from "../../impls/selective_scan/index.js";
import { ssd } from "../../impls/ssd/index.js";
import { specs } from "../problems/arbitrary.js";
import type { Run, Subject } from "../verify/subject.js";
import { alongAxis, range, take } from "./edit.js";
import { difference, promisesExactly } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** A document of a problem: its row, its place in the row, its tokens. */
interface Place extends Document {
  readonly b: number;
  readonly k: number;
  readonly isLast: boolean;
}

/** Documents of a problem that are run apart: each is a run of its own. */
const MOST = 4;
/** Kernels may take very few tokens by a path of their own. */
const FEW_TOKENS = 3;

/** A recurrence, and a short filter, take token after token, whatever stands around them: bit for bit. Other forms cut time elsewhere. */
export const packedDocuments = defineLaw({
  name: "packed-documents",
  states:
    "a document in a packed row gives what it gives alone; the initial state is the first one's, if its id is 0",
  source: "arXiv 2405.21060, section 8.3: a decay of 0 between sequences keeps them apart",
  operators: [ssd, selectiveScan, attention, causalConv1d, mamba2Block],
  exact: ["recurrent", "direct"],
  cases: (operator) =>
    specs(operator, { ordinary: true, work: 20_000, with: ["documents"] }).map((spec) => ({ spec })),
  async holds({ spec }, subject) {
    const { operator } = subject.target.impl;
    const problem: Problem = subject.problem(operator, spec);
    const packed = await subject.run(problem);
    for (const place of chosen(problem)) {
      const alone = await subject.run(apart(problem, place));
      const found = compared(operator, packed, alone, place, subject);
      if (found) return violated(found);
    }
    return HOLDS;
  },
});

/** The first, the last, and some of those between. */
function chosen(problem: Problem): Place[] {
  const all = documentsOfSource(problem.inputs.documents!).flatMap((row, b) =>
    row.map((document, k): Place => ({ ...document, b, k, isLast: k === row.length - 1 })),
  );
  const step = Math.max(1, Math.ceil((all.length - 1) / (MOST - 1)));
  return all.filter((_, i) => i % step === 0 || i === all.length - 1).slice(-MOST);
}

/** One document as a problem of its own. */
function apart(problem: Problem, { b, start, end, id }: Place): Problem {
  const { documents: _, ...dims } = problem.dims;
  const { documents: __, initialState, initialConv, ...inputs } = problem.inputs;
  // of the first document only, and of that only with id 0
  const kept = start === 0 && id === 0 ? { ...inputs, initialState, initialConv } : inputs;
  const row = alongAxis(
    { ...problem, dims, inputs: kept },
    ["batch"],
    (source, axis) => take(source, axis, [b]),
    {
      batch: 1,
    },
  );
  const tokens = { length: end - start, ...("context" in dims ? { context: end - start } : {}) };
  return alongAxis(
    row,
    ["length", "context"],
    (source, axis) => take(source, axis, range(start, end)),
    tokens,
  );
}

function compared(
  operator: AnyOperator,
  packed: Run,
  alone: Run,
  { b, k, start, end, isLast }: Place,
  subject: Subject,
): string | undefined {
  const exact = promisesExactly(packedDocuments, subject) && end - start > FEW_TOKENS;
  const { length, documents = 0 } = packed.problem.dims;
  const width = packed.values.Y.length / packed.problem.dims.batch / length;
  const held = (output: string, own: string, at: (i: number) => number) =>
    difference({
      operator,
      problem: alone.problem,
      output: own,
      got: Float64Array.from(alone.values[own], (_, i) => packed.values[output][at(i)]),
      wanted: (i) => alone.values[own][i],
      tolerance: exact
        ? undefined
        : (i) => packed.bounds[output].certified[at(i)] + alone.bounds[own].certified[i],
      what: `document ${k} of row ${b}, tokens ${start} to ${end - 1}, packed against alone`,
    });
  const Y = held("Y", "Y", (i) => (b * length + start) * width + i);
  if (Y || !("finalState" in alone.values)) return Y;
  const { state } = packed.problem.dims as Readonly<Record<string, number>>;
  const row = alone.values.finalState.length;
  const last = isLast ? held("finalState", "finalState", (i) => b * row + i) : undefined;
  if (last || documents === 0) return last;
  return held(
    "documentStates",
    "finalState",
    (i) => (b * (row / state) + Math.floor(i / state)) * documents * state + k * state + (i % state),
  );
}
