/** One pass of head's implementations over a list of problems, all lanes held against the reference, until the time is up. */
import { laneTotal } from "../../impls/lanes.js";
import type { AnyOperator, Lane, Problem } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import type { Shapes } from "../../reports/gate/verdict.js";
import { caseId } from "../../reports/rows/case-id.js";
import { formsAgree } from "../laws/forms-agree.js";
import type { Target } from "../plan/case.js";
import { caseKeys } from "../plan/case-keys.js";
import { buildProblem } from "../problems/build.js";
import { describeSpec, type Spec } from "../problems/spec.js";
import type { EnginePool } from "../processes/engine-pool.js";
import { EngineDied } from "../processes/host.js";
import { oneLine } from "../processes/one-line.js";
import type { ReferenceHandle } from "../processes/protocol.js";
import { hasNonFinite } from "../verify/targets.js";
import { formatToken } from "../verify/token.js";
import { checkSignal, type Lab } from "./lab.js";
import type { Wrong } from "./proof.js";
import { WrongOutput } from "./station.js";

/** One implementation on one device. */
export interface Subject {
  readonly impl: number;
  readonly name: string;
  readonly operator: AnyOperator;
  /** Not empty, and without f64: that is the reference's own. */
  readonly dtypes: readonly Problem["dtype"][];
  readonly place: number;
}

export interface Trial {
  readonly spec: Spec;
  /** The place of a random problem among those of the seed. */
  readonly draw?: number;
}

/** A finding, with what to filter by to meet it again. */
export interface Finding extends Wrong {
  readonly again: string;
}

export interface ShapeReport {
  readonly summary: Shapes;
  readonly wrong: readonly Finding[];
  readonly broken: readonly Finding[];
}

/** One pass over all problems, until the time is up. */
export class Sweep {
  private readonly wrong: Finding[] = [];
  private readonly broken: Finding[] = [];
  private readonly done = { checks: 0, notTaken: 0, left: 0 };
  private readonly startMs: number;
  private readonly endMs: number;

  constructor(
    private readonly lab: Lab,
    private readonly pool: EnginePool,
    private readonly targets: readonly Target[],
    limitMs: number,
  ) {
    this.startMs = lab.host.nowMs();
    this.endMs = this.startMs + limitMs;
  }

  async run(
    subjects: readonly Subject[],
    trials: ReadonlyMap<AnyOperator, readonly Trial[]>,
  ): Promise<ShapeReport> {
    // the first implementation that fails a problem is done with: one counterexample each
    const alive = new Set(subjects);
    const longest = Math.max(0, ...[...trials.values()].map((own) => own.length));
    for (let i = 0; i < longest; i++)
      for (const [operator, own] of trials) {
        const mine = [...alive].filter((one) => one.operator === operator && takesPart(one, own[i]));
        if (i >= own.length || mine.length === 0) continue;
        for (const dtype of new Set(mine.map((one) => dtypeFor(one, own[i].spec)))) {
          checkSignal(this.lab);
          const takers = mine.filter((one) => dtypeFor(one, own[i].spec) === dtype);
          if (this.leftMs() <= 0) this.done.left++;
          else for (const failed of await this.trial(own[i], dtype, takers)) alive.delete(failed);
        }
      }
    const seconds = (this.lab.host.nowMs() - this.startMs) / 1e3;
    const summary = { implementations: subjects.length, ...this.done, seconds, seed: this.lab.seed };
    return { summary, wrong: this.wrong, broken: this.broken };
  }

  private leftMs(): number {
    return this.endMs - this.lab.host.nowMs();
  }

  /** Engines work beside one another. @returns what failed */
  private async trial(
    trial: Trial,
    dtype: Problem["dtype"],
    subjects: readonly Subject[],
  ): Promise<Subject[]> {
    const [{ operator }] = subjects;
    const { host } = this.lab;
    const problem: Problem = buildProblem(operator, trial.spec, dtype);
    const lanes = Array.from(
      { length: laneTotal(operator, problem) },
      (_, index): Lane => ({ kind: "element", index }),
    );
    const reference = await host.reference(problem, lanes, 60_000);
    const failed: Subject[] = [];
    const onPlace = async (place: number) => {
      for (const one of subjects)
        if (one.place === place && this.leftMs() > 0 && !(await this.hold(one, trial, problem, reference)))
          failed.push(one);
    };
    try {
      await Promise.all(this.targets.map((_, place) => onPlace(place)));
    } finally {
      host.forget(reference);
    }
    return failed;
  }

  /** @returns whether the implementation may go on */
  private async hold(
    subject: Subject,
    trial: Trial,
    problem: Problem,
    reference: ReferenceHandle,
  ): Promise<boolean> {
    let options: Options = {};
    try {
      const { link } = await this.pool.link(subject.place);
      const question = { impl: subject.impl, problem, everyChoice: true };
      const [choices] = await link.call("describe", { questions: [question] }, this.patienceMs());
      const { traits } = this.targets[subject.place];
      for (const choice of choices) {
        ({ options } = choice);
        if (choice.unsupported !== undefined || (traits?.nonFinite && hasNonFinite(problem)))
          this.done.notTaken++;
        else if (!(await this.verified(subject, trial, problem, options, reference))) return false;
      }
      return true;
    } catch (error) {
      checkSignal(this.lab);
      // whatever was at work when the time ended may be slow or may hang: nobody can tell
      if (error instanceof EngineDied && error.hung && this.leftMs() <= 0) {
        this.done.left++;
        return true;
      }
      this.broken.push(this.finding(subject, trial, problem, options, oneLine(error)));
      return false;
    }
  }

  private async verified(
    subject: Subject,
    trial: Trial,
    problem: Problem,
    options: Options,
    reference: ReferenceHandle,
  ): Promise<boolean> {
    const { link } = await this.pool.link(subject.place);
    const { impl } = subject;
    const prepared = await link.call(
      "prepare",
      { case: 0, impl, problem, options, leaks: false },
      this.patienceMs(),
    );
    if ("unsupported" in prepared) {
      this.done.notTaken++;
      return true;
    }
    const { verdict } = await link.call("verify", { case: 0, reference }, this.patienceMs());
    await link.call("dispose", { case: 0 }, this.patienceMs());
    if (verdict.status === "vacuous") this.done.notTaken++;
    else this.done.checks++;
    if (verdict.status !== "rejected") return true;
    const { message } = new WrongOutput("head", verdict.mismatch);
    this.wrong.push(this.finding(subject, trial, problem, options, message));
    return false;
  }

  private patienceMs(): number {
    return Math.max(1000, this.leftMs());
  }

  private finding(
    { name, place, operator }: Subject,
    { spec, draw }: Trial,
    problem: Problem,
    options: Options,
    what: string,
  ): Finding {
    const id = caseId(name, caseKeys(problem, options, this.targets[place].deviceKey));
    const law = formsAgree.name;
    const token =
      draw === undefined
        ? ""
        : `; verify --replay ${formatToken({ law, operator: operator.name, seed: this.lab.seed, path: String(draw) })}`;
    const again = options.make === undefined ? name : `${name} make=${options.make}`;
    return { id, arm: "head", reason: `${what}; of ${describeSpec(spec)}${token}`, again };
  }
}

/** One storage type by the spec's choice, as `verify` takes it. */
function dtypeFor({ dtypes }: Subject, { dtype }: Spec): Problem["dtype"] {
  return dtypes[dtype % dtypes.length];
}

/** The list meets each storage type of an implementation once. */
function takesPart({ dtypes }: Subject, { spec, draw }: Trial): boolean {
  return draw !== undefined || spec.dtype < dtypes.length;
}
