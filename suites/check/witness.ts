/**
 * What stands beside a prepared problem while it is timed: it changes the inputs under the kernel, and holds what a run left against the
 * truth of the inputs that were in place when it ran.
 */
import type { Rounding } from "../../impls/bound.js";
import { inspectArrays } from "../../impls/engines/cpu/host-memory.js";
import type { Engine } from "../../impls/engines/engine.js";
import {
  type AnyOperator,
  type Lane,
  type Outputs,
  outputNames,
  outputSize,
  type Problem,
} from "../../impls/operator.js";
import { type Prepared, rewriteInputs } from "../../impls/prepared.js";
import { compare, type Truth, type Verdict, type Verified } from "./check.js";
import { laneOf, lanesUnder, REFERENCE_STEPS } from "./lanes.js";

/** What is done in a turn, in order: untimed runs, timed samples, and what the kernel must not notice. */
export type Step = number | "switch" | "poison" | "read" | { readonly samples: number };

export type Rejected = Extract<Verdict, { status: "rejected" }>;

interface InputSet {
  readonly truth: Truth;
  /** Outputs that were found right, by their bits, and how often. */
  readonly good: Map<string, number>;
}

/** How often two runs that differ are looked into: each time costs a lane of the reference. */
const MOST_DIFFERENCES = 4;
/** Untimed runs to see another output than the one in question. */
const MOST_TRIES = 4;
const LARGEST_READ = 2 ** 26;
const RUNS_FOR_DETERMINISM = 3;

export class Witness {
  private checkedRuns = 0;
  private switches = 0;
  private readonly sets: InputSet[];
  private inPlace = 0;
  /** The set that the outputs were computed on; undefined while they are poison. */
  private madeOn: number | undefined;
  private unread = false;
  private differences = 0;

  /**
   * Takes over after the verified run, whose outputs lie there.
   * @param truths of the inputs as prepared and, where they can change, of the second set
   * @param fingerprint of the verified outputs
   */
  constructor(
    private readonly engine: Engine<unknown>,
    private readonly prepared: Verified<Prepared>,
    private readonly rounding: Rounding,
    truths: readonly Truth[],
    fingerprint: string,
  ) {
    this.sets = truths.map((truth) => ({ truth, good: new Map() }));
    this.sets[0].good.set(fingerprint, 1);
    this.madeOn = 0;
  }

  /** True only where at least three runs on one set agreed in every bit, and none on any set differed. */
  get deterministic(): boolean {
    const runs = this.sets.map(({ good }) => [...good.values()]);
    return runs.every((one) => one.length <= 1) && runs.some((one) => one[0] >= RUNS_FOR_DETERMINISM);
  }

  get inputs(): { sets: number; switches: number; checkedRuns: number } {
    return { sets: this.sets.length, switches: this.switches, checkedRuns: this.checkedRuns };
  }

  /** Outputs that were computed since the last `read` by runs that the caller made. */
  ran(): void {
    this.madeOn = this.inPlace;
    this.unread = true;
  }

  async poison(): Promise<void> {
    await this.prepared.poison();
    this.madeOn = undefined;
    this.unread = false;
  }

  async run(times: number): Promise<void> {
    for (let i = 0; i < times; i++) await this.engine.once((launch) => this.prepared.run(launch));
    if (times > 0) this.ran();
  }

  /** The other inputs take the place of these. */
  async switch(): Promise<void> {
    if (this.sets.length < 2) return;
    const rewrite = this.prepared[rewriteInputs];
    if (!rewrite)
      throw new Error(
        "its inputs cannot be changed between runs: return what engine.prepared gives, with members replaced at most",
      );
    this.inPlace = 1 - this.inPlace;
    await rewrite.call(this.prepared, this.sets[this.inPlace].truth.problem);
    this.switches++;
  }

  /** @returns what is wrong with the outputs that lie there, if anything is; poison is nothing to read */
  async read(): Promise<Rejected | undefined> {
    if (this.madeOn === undefined) return undefined;
    const set = this.sets[this.madeOn];
    const { fingerprint, nonFinite } = await this.prepared.inspect([]);
    if (this.unread) this.checkedRuns++;
    this.unread = false;
    const times = set.good.get(fingerprint);
    if (times !== undefined && !nonFinite) {
      set.good.set(fingerprint, times + 1);
      return undefined;
    }
    const verdict = await this.readLanes(this.madeOn);
    if (verdict) return verdict;
    const isFirst = set.good.size === 0;
    set.good.set(fingerprint, 1);
    return isFirst || this.differences++ >= MOST_DIFFERENCES ? undefined : this.compareRuns(this.madeOn);
  }

  /**
   * The last word: a run that nobody has read is read after its inputs are gone, then one more on the inputs as prepared, of which more
   * lanes are known.
   */
  async last(): Promise<Verdict> {
    if (this.unread && this.sets.length > 1) await this.switch();
    const late = await this.read();
    if (late) return late;
    if (this.inPlace !== 0) await this.switch();
    if (this.madeOn !== 0) await this.run(1);
    const read = await this.read();
    if (read) return read;
    return this.compareWith(0);
  }

  private async readLanes(made: number): Promise<Rejected | undefined> {
    const verdict = await this.compareWith(made);
    if (verdict.status !== "rejected") return undefined;
    const found = (await this.elementOf(made, verdict)) ?? verdict;
    const note = await this.noteOn(made);
    return note === undefined ? found : { ...found, note };
  }

  private async compareWith(set: number): Promise<Verdict> {
    const { truth } = this.sets[set];
    return compare(truth, await this.prepared.inspect(truth.lanes), this.rounding);
  }

  /** Wrong for its own inputs: right for the others, or at every other time? What is run here is not counted. */
  private async noteOn(made: number): Promise<string | undefined> {
    if (this.sets.length < 2 || this.switches === 0) return undefined;
    const other = 1 - made;
    if ((await this.compareWith(other)).status === "good")
      return "the output does not follow its inputs: it is right for the ones that were there before";
    if (this.sets[made].good.size > 0) return undefined;
    const isRightOn = async (set: number) => {
      if (this.inPlace !== set) await this.switch();
      await this.run(1);
      return (await this.compareWith(set)).status !== "rejected";
    };
    if ((await isRightOn(made)) || !(await isRightOn(other))) return undefined;
    return "the output does not follow its inputs, which were rewritten in place: it follows a copy that was made before";
  }

  /** A wrong sum over channels says little: which of them is it? Asked where the truth of all is cheap. */
  private async elementOf(made: number, { mismatch }: Rejected): Promise<Rejected | undefined> {
    const { operator, problem, lanes } = this.sets[made].truth;
    const { axis } = operator.projection ?? {};
    const projected = lanes.filter(({ kind }) => kind === "projection");
    if (axis === undefined || !mismatch.place.startsWith("projection") || projected.length === 0)
      return undefined;
    const all = lanesUnder(operator, problem, projected);
    if (all.length * operator.laneCost(problem) > REFERENCE_STEPS) return undefined;
    const truth = truthOf(operator, problem, all);
    const verdict = compare(truth, await this.prepared.inspect(all), this.rounding);
    return verdict.status === "rejected" ? verdict : undefined;
  }

  /**
   * Two runs on the same inputs differ. That may be the order of a sum, or an element that is wrong in one of them and lies in no lane
   * that is checked: where they differ most, the truth is computed and both are held against it.
   */
  private async compareRuns(made: number): Promise<Rejected | undefined> {
    const { operator, problem } = this.sets[made].truth;
    const { fingerprint } = await this.prepared.inspect([]);
    const elements = outputNames(operator, problem as Problem).reduce(
      (sum, name) => sum + outputSize(operator, problem, name),
      0,
    );
    if (elements > LARGEST_READ) return undefined;
    const one = copyOf(await this.prepared.read());
    if (this.inPlace !== made) await this.switch();
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      await this.run(1);
      this.unread = false;
      if ((await this.prepared.inspect([])).fingerprint === fingerprint) continue;
      const again = await this.prepared.read();
      const truth = truthOf(operator, problem, lanesOfLargestDifferences(operator, problem, one, again));
      for (const outputs of [one, again]) {
        const verdict = compare(truth, inspectArrays(operator, problem, outputs, truth.lanes), this.rounding);
        if (verdict.status === "rejected")
          return { ...verdict, note: "runs on the same inputs differ, and one of them is wrong" };
      }
      return undefined;
    }
    return undefined;
  }
}

function truthOf(operator: AnyOperator, problem: Problem, lanes: readonly Lane[]): Truth {
  return { operator, problem, lanes, reference: () => operator.reference(problem, lanes) };
}

function copyOf(outputs: Outputs<AnyOperator>): Outputs<AnyOperator> {
  return Object.fromEntries(
    Object.entries<Float32Array>(outputs).map(([name, values]) => [name, values.slice()]),
  );
}

/** The lanes that hold the elements in which two outputs differ most, as such and beside their own size. */
function lanesOfLargestDifferences(
  operator: AnyOperator,
  problem: Problem,
  one: Outputs<AnyOperator>,
  two: Outputs<AnyOperator>,
): Lane[] {
  const lanes = new Set<number>();
  for (const [name, values] of Object.entries<Float32Array>(one)) {
    const others = two[name];
    const most = { absolute: 0, relative: 0 };
    const place = { absolute: -1, relative: -1 };
    for (let i = 0; i < values.length; i++) {
      if (values[i] === others[i]) continue;
      const absolute = distance(values[i], others[i]);
      const relative = absolute / (Math.abs(others[i]) + 1e-6);
      if (absolute > most.absolute) [most.absolute, place.absolute] = [absolute, i];
      if (relative > most.relative) [most.relative, place.relative] = [relative, i];
    }
    for (const i of Object.values(place)) if (i >= 0) lanes.add(laneOf(operator, problem, name, i));
  }
  return [...lanes].map((index) => ({ kind: "element", index }));
}

function distance(one: number, two: number): number {
  const difference = Math.abs(one - two);
  return Number.isNaN(difference) ? Number.MAX_VALUE : difference;
}
