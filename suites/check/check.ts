/**
 * Holds outputs against the reference. `checkOutputs` is the only maker of `Verified`, which is the only thing that `measure` takes:
 * timing an unverified kernel is a compile error.
 */
import { type Bounds, boundAt, errorAt, type Rounding } from "../../impls/bound.js";
import type { Engine } from "../../impls/engines/engine.js";
import { elementsPerToken, laneCoordinates, laneView, placeOf } from "../../impls/lanes.js";
import {
  type AnyOperator,
  type Lane,
  type LaneReference,
  outputAxes,
  type Problem,
} from "../../impls/operator.js";
import type { Inspection, Prepared } from "../../impls/prepared.js";
import { describeElement, describeIndex } from "./lanes.js";
import { overflowOf } from "./overflow.js";
import { VACUOUS } from "./rounding.js";

declare const verifiedBrand: unique symbol;
export type Verified<P> = P & { readonly [verifiedBrand]: true };

/** One problem with its truth. The reference may come lane by lane from a file and may be walked more than once. */
export interface Truth {
  readonly operator: AnyOperator;
  readonly problem: Problem;
  readonly lanes: readonly Lane[];
  reference(): Iterable<LaneReference>;
}

/** One element that broke its bound, or is not a number. */
export interface Mismatch {
  readonly output: string;
  /** Flat C-order index into the output. */
  readonly index: number;
  /** `Y[batch=0 length=17 heads=0 headDim=3]` */
  readonly place: string;
  readonly got: number;
  readonly wanted: number;
  readonly bound: number;
}

export type Verdict =
  | {
      readonly status: "good";
      readonly errorU: number;
      readonly boundU: number;
      readonly fingerprint: string;
    }
  | {
      readonly status: "rejected";
      readonly mismatch: Mismatch;
      /** What else is known of it, as the end of a sentence. */
      readonly note?: string;
      readonly errorU?: number;
      readonly boundU?: number;
    }
  /** The bound would not have noticed an output of zeros, or one that is a token late. */
  | { readonly status: "vacuous"; readonly reason: string };

export interface Checked<P> {
  readonly verdict: Verdict;
  /** Host time of the one run, cold: a first guess of how long this case takes. */
  readonly firstNs: number;
  readonly verified?: Verified<P>;
}

/** Poisons, runs once and compares. */
export async function checkOutputs<Launch, P extends Prepared<AnyOperator, Launch>>(
  engine: Engine<Launch>,
  prepared: P,
  truth: Truth,
  rounding: Rounding,
  nowMs: () => number,
): Promise<Checked<P>> {
  await prepared.poison();
  const start = nowMs();
  await engine.once((launch) => prepared.run(launch));
  const firstNs = (nowMs() - start) * 1e6;
  const verdict = compare(truth, await prepared.inspect(truth.lanes), rounding);
  if (verdict.status !== "good") return { verdict, firstNs };
  return { verdict, firstNs, verified: prepared as Verified<P> };
}

/** Random inputs are held to the probable bound, given (perhaps adversarial) ones to the certified. */
export function boundKind({ inputs }: Problem): "probable" | "certified" {
  // where documents begin decides which sums are made, not how they round
  return Object.entries(inputs).some(([name, source]) => source?.kind === "given" && name !== "documents")
    ? "certified"
    : "probable";
}

/** Compares inspected lanes, and asks whether the bound would have noticed zeros and a shift. */
export function compare(truth: Truth, inspection: Inspection, rounding: Rounding): Verdict {
  const { operator, problem, lanes } = truth;
  const kind = boundKind(problem);
  const at = new Map(lanes.map((lane, i) => [`${lane.kind} ${lane.index}`, i]));
  const vacuity = new Vacuity(operator, problem);
  let worst = { ratio: -1, errorU: 0, boundU: 0 };
  let mismatch: Mismatch | undefined;
  let nonFiniteWanted = Number.NaN;
  let walked = 0;

  for (const reference of truth.reference()) {
    const i = at.get(`${reference.lane.kind} ${reference.lane.index}`);
    if (i === undefined)
      throw new Error(`the reference gave a lane that nobody asked for: ${reference.lane.index}`);
    walked++;
    for (const [output, bounds] of Object.entries(reference.outputs)) {
      const got = inspection.lanes[i][output];
      const limits = new Float64Array(bounds.value.length);
      for (let e = 0; e < bounds.value.length; e++) {
        const element = boundAt(bounds, e, rounding);
        const bound = element[kind];
        limits[e] = bound;
        const error = errorAt(bounds, e, got[e]);
        // NaN compares false: whatever is not within the bound is outside
        const ratio =
          error <= bound ? (bound > 0 ? error / bound : 0) : Number.isNaN(error) ? Infinity : error / bound;
        if (ratio <= worst.ratio) continue;
        const unit = element.unit > 0 ? element.unit : bound > 0 ? bound : 1;
        worst = { ratio, errorU: error / unit, boundU: bound / unit };
        if (ratio <= 1) continue;
        const { text, index } = describeElement(operator, problem, reference.lane, output, e);
        mismatch = { output, index, place: text, got: got[e], wanted: bounds.value[e], bound };
      }
      vacuity.add(output, reference.lane, bounds, limits);
      const bad = inspection.nonFinite;
      if (bad?.output === output && reference.lane.kind === "element" && Number.isNaN(nonFiniteWanted))
        nonFiniteWanted = wantedAt(truth, reference, output, bad.index);
    }
  }
  if (walked !== lanes.length) throw new Error(`the reference gave ${walked} of ${lanes.length} lanes`);
  const units = Number.isFinite(worst.errorU) ? { errorU: worst.errorU, boundU: worst.boundU } : {};
  const bad = inspection.nonFinite;
  // a lane that should overflow is found by its value; a stray NaN anywhere else must not pass
  if (bad && !mismatch) {
    const place = describeIndex(operator, problem, bad.output, bad.index);
    mismatch = {
      output: bad.output,
      index: bad.index,
      place,
      got: bad.value,
      wanted: nonFiniteWanted,
      bound: 0,
    };
  }
  if (mismatch) {
    const note = overflowOf(operator, problem, mismatch.output, mismatch.wanted);
    return { status: "rejected", mismatch, ...(note && { note }), ...units };
  }
  const vacuous = vacuity.verdict();
  if (vacuous) return { status: "vacuous", reason: vacuous };
  return { status: "good", errorU: worst.errorU, boundU: worst.boundU, fingerprint: inspection.fingerprint };
}

/** The true value at a flat index, when this lane holds it. */
function wantedAt(
  { operator, problem }: Truth,
  { lane, outputs }: LaneReference,
  output: string,
  index: number,
): number {
  const view = laneView(operator, problem, output, lane);
  return outputs[output].value.find((_, i) => placeOf(view, i) === index) ?? Number.NaN;
}

/** Would the bound have noticed zeros in each output, and outputs that are one token late? Is it small beside the output's scale? */
class Vacuity {
  private readonly zeroSeen = new Map<string, boolean>();
  private readonly shiftSeen = new Map<string, boolean>();
  private readonly tightSeen = new Map<string, boolean>();
  /** Neighbouring rows, where a lane is one row (attention). */
  private readonly rows = new Map<string, { value: Float64Array; limits: Float64Array }>();

  constructor(
    private readonly operator: AnyOperator,
    private readonly problem: Problem,
  ) {}

  add(output: string, lane: Lane, { value, scale }: Bounds, limits: Float64Array): void {
    if (lane.kind !== "element") return;
    note(
      this.tightSeen,
      output,
      limits.some((limit, i) => limit <= VACUOUS * scale[i]),
    );
    note(
      this.zeroSeen,
      output,
      value.some((wanted, i) => !(Math.abs(wanted) <= limits[i])),
    );
    const axes = outputAxes(this.operator, this.problem, output);
    if (!axes.includes("length") || this.problem.dims.length < 2) return;
    if (!(this.operator.laneAxes as readonly string[]).includes("length")) {
      const token = elementsPerToken(this.operator, this.problem, output, lane);
      note(
        this.shiftSeen,
        output,
        value.some((wanted, i) => i >= token && !(Math.abs(wanted - value[i - token]) <= limits[i])),
      );
      return;
    }
    const coordinates = laneCoordinates(this.operator, this.problem, lane);
    const key = (length: number) => `${output} ${JSON.stringify({ ...coordinates, length })}`;
    this.rows.set(key(coordinates.length), { value, limits });
    for (const [before, after] of [
      [coordinates.length - 1, coordinates.length],
      [coordinates.length, coordinates.length + 1],
    ]) {
      const [early, late] = [this.rows.get(key(before)), this.rows.get(key(after))];
      if (!early || !late) continue;
      note(
        this.shiftSeen,
        output,
        late.value.some((wanted, i) => !(Math.abs(wanted - early.value[i]) <= late.limits[i])),
      );
    }
  }

  verdict(): string | undefined {
    for (const [output, seen] of this.zeroSeen)
      if (!seen) return `vacuous: an all-zero ${output} would have passed the bound`;
    for (const [output, seen] of this.shiftSeen)
      if (!seen) return `vacuous: a ${output} shifted by one token would have passed the bound`;
    for (const [output, seen] of this.tightSeen)
      if (!seen) return `vacuous: every element of ${output} may be wrong by more than a tenth of its scale`;
    return undefined;
  }
}

function note(seen: Map<string, boolean>, output: string, noticed: boolean): void {
  seen.set(output, (seen.get(output) ?? false) || noticed);
}
