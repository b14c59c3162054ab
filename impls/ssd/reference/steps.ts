import type { Problem } from "../../operator.js";
import { type StepSettings, stepOf, stepRoundings } from "../../recurrence/step.js";
import type { Reader } from "../../tensor.js";

/** A token's step and log decay in one head, with the roundings behind them in units of u, relative to each. */
export interface Steps {
  readonly step: number;
  readonly l: number;
  readonly roundings: number;
  readonly ofLog: number;
}

/** The step in front of the recurrence: dt <- clamp(softplus(dt + dtBias)), and l = dt A where A is one number a head. */
export function stepsOf(
  problem: Problem,
  read: (name: string) => Reader | undefined,
): (row: number, head: number) => Steps {
  const logA = read("logA")!;
  const [dt, bias] = [read("dt"), read("dtBias")];
  const settings = problem.settings as unknown as StepSettings;
  // a limit is a number of its own, rounded to f32 where kernels take it
  const limits = settings.dtMin > 0 || settings.dtMax > 0 ? 1 : 0;
  const perHead = problem.inputs.logA!.axes.length === 1;
  return (row, head) => {
    const raw = dt ? dt.at(row, head) + (bias?.at(0, head) ?? 0) : 1;
    const step = dt ? stepOf(raw, settings) : 1;
    const roundings = dt ? stepRoundings(raw, bias !== undefined, settings.softplus === true) + limits : 0;
    const l = perHead ? step * logA.at(0, head) : logA.at(row, head);
    return { step, l, roundings, ofLog: perHead ? roundings + 1 : 0 };
  };
}
