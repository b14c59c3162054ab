/** `verify --vectors`: every golden case on the reference and on every target of its operator. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { ROUNDOFF } from "../../../impls/bound.js";
import type { Problem } from "../../../impls/operator.js";
import { Unsupported } from "../../../impls/prepared.js";
import { readPlain } from "../../../reports/rows/folder.js";
import { visible } from "../../../reports/text.js";
import { oneLine } from "../../processes/one-line.js";
import { type GoldenProblem, type Mapping, mapGolden, parseGolden } from "../../vectors/index.js";
import { boundArrays, compare, describeElement, indexOf, truthOf } from "../compare.js";
import { subjectOf } from "../subject.js";
import { dtypesOf, Hung, type Target, targetName } from "../targets.js";

/** Contract: the float64 reference meets the golden outputs to this part of each element's scale, which never exceeds the peak's. */
export const REFERENCE_TOLERANCE = 1e-10;

export interface GoldenLine {
  readonly status: "pass" | "fail" | "skip";
  readonly case: string;
  /** `reference`, or an implementation with its dtype, options and device; absent when the whole case is skipped. */
  readonly by?: string;
  /** The one behind `by`. */
  readonly target?: Target;
  /** What was measured, or why it failed or was skipped. */
  readonly detail: string;
}

export interface Unreadable {
  readonly file: string;
  readonly reason: string;
}

/** Golden files of a folder, by name. @throws when the folder cannot be read */
export function goldenFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".safetensors"))
    .sort()
    .map((name) => join(folder, name));
}

/** Lines of one file, as they come; an unreadable file throws. */
export async function* goldenLines(file: string, targets: readonly Target[]): AsyncGenerator<GoldenLine> {
  const { name, mapping } = readGolden(file);
  if ("skip" in mapping) {
    yield { status: "skip", case: name, detail: mapping.skip };
    return;
  }
  const { problems } = mapping;
  yield { case: name, by: "reference", ...holdReference(problems) };
  for (const target of targets) {
    const own = problems.filter(({ operator }) => operator.name === target.impl.operator.name);
    if (own.length === 0) continue;
    for (const dtype of dtypesOf(target.impl)) {
      for await (const line of holdTarget(target, dtype, own)) yield { case: name, target, ...line };
    }
  }
}

/** @throws with one sentence when the file is no golden case */
export function readGolden(file: string): { name: string; mapping: Mapping } {
  const fallback = basename(file, ".safetensors");
  const golden = parseGolden(readPlain(file), fallback);
  return { name: golden.name, mapping: mapGolden(golden) };
}

/** A problem and all that stand in for it. */
function andPlainer(golden: GoldenProblem): GoldenProblem[] {
  return golden.plainer ? [golden, ...andPlainer(golden.plainer)] : [golden];
}

type Outcome = Pick<GoldenLine, "status" | "detail">;

/** Element by element: a large head must not hide a small one. */
function holdReference(problems: readonly GoldenProblem[]): Outcome {
  let worst = 0;
  let ofPeak = 0;
  for (const { operator, problem, expected } of problems.flatMap(andPlainer)) {
    const truth = truthOf(operator, problem);
    const reference = boundArrays(truth, F64);
    for (const { golden, output, values } of expected) {
      const { value: got, unit } = reference[output];
      if (got.length !== values.length)
        return {
          status: "fail",
          detail: `${golden} has ${values.length} values, ${output} has ${got.length}`,
        };
      const { error, index, peakError } = worstError(got, values, unit);
      if (!(error <= REFERENCE_TOLERANCE)) {
        const place = indexOf(operator, problem, output, index);
        const differ = `${output}[${place}]: got ${got[index]}, ${golden} wants ${values[index]}`;
        const by = Number.isNaN(error)
          ? `what is not a number holds nothing${notNumbers(problem)}`
          : `${error.toPrecision(3)} of its scale, ${peakError.toPrecision(3)} of the peak, at most ${REFERENCE_TOLERANCE}`;
        return { status: "fail", detail: `${differ}, ${by}` };
      }
      worst = Math.max(worst, error);
      ofPeak = Math.max(ofPeak, peakError);
    }
  }
  const detail = `error ${worst.toPrecision(2)} of its element's scale, ${ofPeak.toPrecision(2)} of the peak`;
  return { status: "pass", detail };
}

const F64 = { accumulate: ROUNDOFF.f64, storage: 0, roundings: 0, longestSum: 0, decay: "segsum" } as const;

/** Largest difference over the element's scale; of elements that are not a number the first. */
function worstError(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  unit: ArrayLike<number>,
): { error: number; index: number; peakError: number } {
  let largest = -1;
  let index = 0;
  let peak = 0;
  let farthest = 0;
  for (let i = 0; i < wanted.length; i++) {
    if (Number.isNaN(got[i]) || Number.isNaN(wanted[i])) {
      return { error: Number.NaN, index: i, peakError: Number.NaN };
    }
    const difference = got[i] === wanted[i] ? 0 : Math.abs(got[i] - wanted[i]);
    // the unit is in roundoffs of f32, whatever the reference's own
    const error = difference === 0 ? 0 : difference / (unit[i] / ROUNDOFF.f32);
    if (Number.isNaN(error)) return { error: Number.POSITIVE_INFINITY, index: i, peakError: Number.NaN };
    peak = Math.max(peak, Math.abs(wanted[i]));
    farthest = Math.max(farthest, difference);
    if (error > largest) {
      largest = error;
      index = i;
    }
  }
  return { error: Math.max(0, largest), index, peakError: farthest === 0 ? 0 : farthest / peak };
}

/** The first element of each input that is not a number, in words. */
function notNumbers({ inputs }: Problem): string {
  return Object.entries(inputs)
    .flatMap(([name, source]) => {
      const at = source?.kind === "given" ? source.data.findIndex(Number.isNaN) : -1;
      if (!source || at < 0) return [];
      let rest = at;
      const words = source.axes
        .map((axis, a) => [axis, source.shape[a]] as const)
        .reverse()
        .map(([axis, size]) => {
          const word = `${axis}=${rest % size}`;
          rest = Math.floor(rest / size);
          return word;
        });
      return [`; input ${name}[${words.reverse().join(" ")}] is NaN`];
    })
    .join("");
}

/** One line for each set of options that the implementation runs by default. */
async function* holdTarget(
  target: Target,
  dtype: Exclude<Problem["dtype"], "f64">,
  problems: readonly GoldenProblem[],
): AsyncGenerator<Omit<GoldenLine, "case">> {
  const first = { ...problems[0].problem, dtype };
  let choices: Awaited<ReturnType<Target["place"]["options"]>>;
  try {
    choices = await target.place.options(target, first);
  } catch (error) {
    yield { status: "fail", by: targetName(target, dtype), detail: oneLine(error) };
    return;
  }
  if (choices.length === 0)
    yield {
      status: "skip",
      by: targetName(target, dtype),
      detail: "its options() gives none; [{}] stands for no options",
    };
  for (const options of choices) {
    // between two runs this process looks up: a signal is answered
    await new Promise((resolve) => setTimeout(resolve, 0));
    const subject = subjectOf(target, dtype, options);
    yield { by: subject.name, ...(await holdSubject(subject, problems)) };
  }
}

async function holdSubject(
  subject: ReturnType<typeof subjectOf>,
  problems: readonly GoldenProblem[],
): Promise<Outcome> {
  let worst = 0;
  const prepared = new Set<string>();
  try {
    for (const golden of problems) {
      const { taken, problem, run } = await evaluated(subject, golden);
      if (taken.prepared) prepared.add(`; ${taken.prepared}`);
      const { values, rounding } = run;
      const verdict = compare(truthOf(golden.operator, problem), rounding, values);
      if (!verdict.ok) return { status: "fail", detail: describeElement(verdict.worst, rounding) };
      worst = Math.max(worst, verdict.ratio);
    }
  } catch (error) {
    if (error instanceof Unsupported) return { status: "skip", detail: error.message };
    return { status: "fail", detail: error instanceof Hung ? error.message : `threw: ${oneLine(error)}` };
  }
  return { status: "pass", detail: `error ${worst.toPrecision(2)} of the bound${[...prepared].join("")}` };
}

/** The problem, or the first of those that stand in for it that the implementation takes. @throws Unsupported, as of the last */
async function evaluated(subject: ReturnType<typeof subjectOf>, golden: GoldenProblem) {
  const problem = inDtype(golden.problem, subject.dtype);
  try {
    return { taken: golden, problem, run: await subject.evaluate(problem) };
  } catch (error) {
    if (!(error instanceof Unsupported) || !golden.plainer) throw error;
    return evaluated(subject, golden.plainer);
  }
}

const copies = new WeakMap<Problem, Map<string, Problem>>();

/** The same inputs, to be rounded to another storage type; one copy a type, so that all targets share its reference. */
function inDtype(golden: Problem, dtype: Problem["dtype"]): Problem {
  const known = copies.get(golden) ?? new Map<string, Problem>();
  copies.set(golden, known);
  const problem = known.get(dtype) ?? { ...golden, dtype };
  known.set(dtype, problem);
  return problem;
}

export function formatGoldenLine({ status, case: name, by, detail }: GoldenLine): string {
  return visible(`${status} ${name}${by ? ` ${by}` : ""}: ${detail}`);
}
