/** Rows from what was planned and what came of it. */
import { blocks, keptBytesOf, parametersOf } from "../../impls/blocks/model.js";
import type { Ceilings, DeviceInfo } from "../../impls/engines/engine.js";
import type { EngineTraits } from "../../impls/engines/index.js";
import type { RunDetails } from "../../impls/prepared.js";
import { parseCaseId } from "../../reports/rows/case-id.js";
import { BELOW_TICK, wrongField } from "../../reports/rows/parse.js";
import { type CaseRecord, failedSchema, type Row, type Sample } from "../../reports/rows/row.js";
import { visibleDeep } from "../../reports/text.js";
import type { Mismatch } from "../check/check.js";
import type { LaneChoice } from "../check/lanes.js";
import type { Case } from "../plan/case.js";
import type { Telemetry } from "../processes/meters/meter.js";
import { fairnessOf } from "./fairness.js";
import { type StopReason, summarise } from "./measure.js";

export interface RunFacts {
  readonly seed: number;
  readonly commit: string;
  /** Model of the CPU, for engines that run on it. */
  readonly cpu: string | undefined;
  /** What code made it; a page does not know. */
  made?(planned: Case): Made;
  /** The command that repeats one case. */
  repeat(suite: string, planned: Case): string;
  timeUtc(): string;
}

export type Made = Pick<Row, "version" | "packages" | "source">;

export type Outcome =
  | { readonly status: "failed"; readonly reason: string }
  | {
      readonly status: "skipped";
      readonly reason: string;
      readonly predictedNs?: number | undefined;
      readonly predictedBytes?: number | undefined;
    }
  | {
      readonly status: "rejected";
      readonly when: "verification" | "timed runs";
      readonly mismatch: Mismatch;
      /** What else is known of it, as the end of a sentence. */
      readonly note?: string | undefined;
      readonly lanes: LaneChoice;
      readonly errorU?: number | undefined;
      readonly boundU?: number | undefined;
    }
  | {
      readonly status: "rejected";
      /** The whole sentence, where no element is wrong. */
      readonly reason: string;
      readonly lanes: LaneChoice;
      readonly errorU: number;
      readonly boundU: number;
    }
  | {
      readonly status: "measured";
      readonly samples: readonly Sample[];
      readonly stopReason: StopReason;
      readonly lanes: LaneChoice;
      readonly errorU: number;
      readonly boundU: number;
      readonly deterministic: boolean;
      readonly inputs: string;
      readonly checkedRuns: number;
      readonly peakBytes: number;
      readonly remarks: readonly string[];
      readonly details?: RunDetails | undefined;
      readonly telemetry?: Telemetry | undefined;
    };

export interface EngineFacts {
  readonly device: DeviceInfo;
  /** What the engine's entry says. */
  readonly traits: EngineTraits | undefined;
  readonly ceilings: Ceilings;
}

/** One record for each suite that asked for the case. What cannot be read back is never written: such a case has failed. */
export function caseRecords(
  planned: Case,
  outcome: Outcome,
  engine: EngineFacts,
  facts: RunFacts,
): CaseRecord[] {
  return planned.suites.map((suite) => {
    const row = visibleDeep(makeRow(planned, suite, outcome, engine, facts)) as Row;
    const record: CaseRecord = { record: "case", row };
    return sound(outcome.status === "measured" ? { ...record, samples: [...outcome.samples] } : record);
  });
}

function sound(record: CaseRecord): CaseRecord {
  const { row } = record;
  if (row.status === "measured" && row.medianNs === 0) return failedRecord(row, BELOW_TICK);
  const wrong = wrongField(record);
  if (wrong !== undefined && row.status === "failed") return failedRecord(row, row.reason);
  return wrong === undefined
    ? record
    : failedRecord(row, `cannot be written down: ${wrong.replace(/^row\./, "")}`);
}

/** What can be read of a row, and why the rest cannot. */
function failedRecord(row: Row, reason: string): CaseRecord {
  const failed: Record<string, unknown> = { ...row, status: "failed", reason };
  for (let tries = Object.keys(failed).length; tries > 0; tries--) {
    const parsed = failedSchema.safeParse(failed);
    if (parsed.success) return { record: "case", row: parsed.data };
    const key = String(parsed.error.issues[0].path[0]);
    failed[key] = Object.hasOwn(INSTEAD, key) ? INSTEAD[key] : undefined;
  }
  throw new Error(`a row of ${row.id} has nothing that can be written down: ${reason}`);
}

/** What stands for a field that every row must have. */
const INSTEAD: Readonly<Record<string, string | number>> = {
  ...{ batch: 0, length: 0, heads: 0, headDim: 0, flops: 0, bytes: 0, seed: 0 },
  ...{ form: "unknown", engine: "unknown", device: "unknown", dtype: "unknown" },
};

function makeRow(planned: Case, suite: string, outcome: Outcome, engine: EngineFacts, facts: RunFacts): Row {
  const { device, traits, ceilings } = engine;
  const { flops, bytes } = planned.operator.cost(planned.problem);
  // the id's device key stands in the id; the row's device is the name a person knows
  const { device: _key, ...keys } = planned.keys;
  const dims = planned.problem.dims as Readonly<Record<string, number>>;
  const common = {
    id: planned.id,
    suite,
    operator: planned.operator.name,
    form: planned.form,
    engine: parseCaseId(planned.id).engine,
    device: (device.kind === "cpu" ? facts.cpu : undefined) ?? device.name,
    deviceKind: device.kind,
    tensorOps: traits?.tensorOps === true,
    ...(traits?.peer ? { peer: true as const } : {}),
    ...(keys as { dtype: string }),
    batch: dims.batch,
    // of a step of decoding: its one token
    length: dims.length ?? 1,
    // channels without heads are one head
    heads: dims.heads ?? 1,
    headDim: dims.headDim ?? dims.inner,
    ...defined({ workload: planned.workload }),
    ...(blocks.includes(planned.operator)
      ? { parameters: parametersOf(planned), keptBytes: keptBytesOf(planned) }
      : {}),
    flops,
    bytes,
    seed: facts.seed,
    commit: facts.commit,
    timeUtc: facts.timeUtc(),
    ...facts.made?.(planned),
  };
  const lanes = "lanes" in outcome ? outcome.lanes : undefined;
  const checked = lanes && { lanesChecked: lanes.checked, lanesTotal: lanes.total };
  switch (outcome.status) {
    case "failed":
      return {
        ...common,
        status: "failed",
        reason: `${outcome.reason}; repeat: ${facts.repeat(suite, planned)}`,
      };
    case "skipped":
      return { ...common, ...defined(outcome) };
    case "rejected": {
      const { errorU, boundU } = outcome;
      const what = "reason" in outcome ? [outcome.reason] : [describe(outcome), outcome.note];
      const reason = [...what, `repeat: ${facts.repeat(suite, planned)}`].filter(Boolean).join("; ");
      return {
        ...common,
        ...checked!,
        ...defined({ errorU: known(errorU), boundU: known(boundU) }),
        status: "rejected",
        reason,
      };
    }
    case "measured": {
      const { errorU, boundU, samples, stopReason, deterministic, peakBytes, remarks } = outcome;
      const { inputs, checkedRuns } = outcome;
      const summary = summarise(samples);
      const seconds = summary.medianNs / 1e9;
      const details = {
        ...device.details,
        ...(device.name === common.device ? {} : { engineDevice: device.name }),
        ...outcome.details,
        projectionLanes: outcome.lanes.lanes.length - outcome.lanes.checked,
        repeats: samples[0].repeats,
        ...defined({
          ceilingBytesPerS: ceilings.bytesPerS,
          ceilingExpsPerS: ceilings.expsPerS,
          ceilingFlopsPerS: ceilings.flopsPerS?.[planned.problem.dtype as "f32"],
        }),
      };
      return {
        ...common,
        ...checked!,
        status: "measured",
        errorU,
        boundU,
        ...summary,
        stopReason,
        ...(planned.conditions === undefined
          ? {}
          : {
              fairness: fairnessOf(
                planned.conditions,
                device,
                summary.clock,
                planned.options.threads,
                planned.cache,
                outcome.details?.run,
              ),
            }),
        flopsPerS: flops / seconds,
        bytesPerS: bytes / seconds,
        ...defined({ rooflineFraction: rooflineFraction(planned, ceilings, seconds) }),
        peakBytes,
        deterministic,
        ...besides(outcome.telemetry, seconds / (common.batch * common.length)),
        ...(remarks.length > 0 ? { reason: remarks.join("; ") } : {}),
        details,
        inputs,
        checkedRuns,
      };
    }
  }
}

/** What the machine told beside the runs. */
function besides(told: Telemetry | undefined, secondsPerToken: number) {
  const { clockHz, temperatureC, throttle, watts, powerOf } = told ?? {};
  return defined({
    processorClockHz: clockHz,
    temperatureC,
    throttle,
    joulesPerToken: watts === undefined ? undefined : watts * secondsPerToken,
    energyOf: powerOf,
  });
}

/** An error without bounds is no number that can be written down. */
function known(units: number | undefined): number | undefined {
  return Number.isFinite(units) ? units : undefined;
}

/** Least time by the ceilings measured in this run, over the time taken. */
function rooflineFraction(
  planned: Case,
  { bytesPerS, flopsPerS }: Ceilings,
  seconds: number,
): number | undefined {
  const { flops, bytes } = planned.operator.cost(planned.problem);
  const peak = flopsPerS?.[planned.problem.dtype as "f32"];
  const bounds = [peak ? flops / peak : 0, bytesPerS ? bytes / bytesPerS : 0];
  const least = Math.max(...bounds);
  return least > 0 ? least / seconds : undefined;
}

function describe({ mismatch, when }: { readonly mismatch: Mismatch; readonly when: string }): string {
  const { place, index, got, wanted, bound } = mismatch;
  const expected = Number.isNaN(wanted) ? "a finite value" : String(wanted);
  const late = when === "timed runs" ? " after the timed runs" : "";
  return `${place} (index ${index})${late}: got ${got}, wanted ${expected}, bound ${bound.toExponential(3)}`;
}

/** Without the keys whose value is undefined: an absent key is how a row says "not known". */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as never;
}
