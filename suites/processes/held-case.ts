/**
 * One prepared case in the process of its engine: verified, warmed up, timed in turns, asked at last what its runs left. Outputs, clocks
 * and memory are looked at here and nowhere else.
 */
import type { DeviceInfo, Engine } from "../../impls/engines/engine.js";
import type { AnyImplementation } from "../../impls/implementation.js";
import { operatorNamed } from "../../impls/index.js";
import type { LaneReference, Problem } from "../../impls/operator.js";
import type { Options, Prepared } from "../../impls/prepared.js";
import { checkOutputs, type Truth, type Verified } from "../check/check.js";
import { declaredRounding } from "../check/rounding.js";
import { Witness } from "../check/witness.js";
import { leakedBytesPerRun, runsOfProbe, type Stretch } from "../measure/leaks.js";
import { warmUp } from "../measure/measure.js";
import { playTurn } from "../measure/turn.js";
import { type Meter, type Reading, summed, type Telemetry } from "./meters/meter.js";
import type { Calls, ReferenceHandle } from "./protocol.js";

/** What the place that a case runs in can tell. */
export interface Instruments {
  readReference(handle: ReferenceHandle): Iterable<LaneReference>;
  /** Live memory of this process after collecting garbage. */
  liveBytes(): number;
  /** Memory of this process as the system counts it. */
  residentBytes(): number;
  /** Unix time in ms with a fine, monotonic fraction. */
  nowMs(): number;
  /** What is told of the processor beside a case, where anything is. */
  meterOf?(device: DeviceInfo): Meter | undefined;
}

/** For what sweeps memory on another thread, where a busy machine lets it wait. */
const REST_MS = 20;

/** What is prepared, from what. */
interface Held {
  readonly impl: AnyImplementation;
  readonly problem: Problem;
  readonly options: Options;
  readonly prepared: Prepared;
  /** Whether to look for memory that runs leave behind. */
  readonly leaks: boolean;
  /** How long its power is looked at, runs behind each other; 0 for its state alone, undefined for neither. */
  readonly meterNs: number | undefined;
}

/** What it is once its outputs were right. */
interface Proven {
  readonly prepared: Verified<Prepared>;
  readonly witness: Witness;
}

export class HeldCase {
  private proof: Proven | undefined;
  private estimateNs = 0;
  /** Live memory that stretches of runs have left behind. */
  private readonly stretches: Stretch[] = [];
  private readonly meter: Meter | undefined;
  /** One a turn. */
  private readonly readings: Reading[] = [];

  constructor(
    private readonly engine: Engine<unknown>,
    private readonly instruments: Instruments,
    /** Unix time in ms from which samples count their start. */
    private readonly originMs: number,
    private readonly held: Held,
  ) {
    if (held.meterNs !== undefined) this.meter = instruments.meterOf?.(engine.device);
  }

  async verify({ reference, second }: Omit<Calls["verify"][0], "case">): Promise<Calls["verify"][1]> {
    const { impl, problem, options, prepared } = this.held;
    const truth = this.truth(problem, reference);
    const declared = declaredRounding(impl, problem, options);
    const checked = await checkOutputs(this.engine, prepared, truth, declared, this.instruments.nowMs);
    const { verdict, verified, firstNs } = checked;
    if (verified && verdict.status === "good") {
      const other =
        second && this.engine.rewritesInputs ? [this.truth(second.problem, second.reference)] : [];
      const witness = new Witness(this.engine, verified, declared, [truth, ...other], verdict.fingerprint);
      this.proof = { prepared: verified, witness };
    }
    return { verdict, firstNs };
  }

  async warm({ budgetNs, firstNs, cold }: Omit<Calls["warm"][0], "case">): Promise<Calls["warm"][1]> {
    const { prepared, witness } = this.proven;
    // a verified run that took longer than any warm-up has warmed up what there is
    const hot = firstNs > 5 * budgetNs;
    const warmed = hot
      ? { repeats: 1, estimateNs: firstNs }
      : await warmUp(this.engine, prepared, budgetNs, cold);
    this.estimateNs = warmed.estimateNs;
    await witness.poison();
    return warmed;
  }

  async sample(body: Omit<Calls["sample"][0], "case">): Promise<Calls["sample"][1]> {
    const { count, repeats, cold, steps = [{ samples: count }] } = body;
    const { prepared, witness } = this.proven;
    const { instruments, engine } = this;
    const now = () => (instruments.nowMs() - this.originMs) * 1e6;
    const slow = this.held.leaks && runsOfProbe(this.estimateNs) === 0;
    const live = slow ? instruments.liveBytes() : 0;
    const before = instruments.residentBytes();
    const played = await playTurn(engine, prepared, witness, steps, { repeats, cold, now });
    if (this.meter?.state) this.readings.push(this.meter.state());
    if (slow) this.stretches.push({ bytes: instruments.liveBytes() - live, runs: count * repeats });
    return { ...played, gainedBytes: instruments.residentBytes() - before };
  }

  async recheck(): Promise<Calls["recheck"][1]> {
    const { witness } = this.proven;
    const verdict = await witness.last();
    const { deterministic, inputs } = witness;
    const { details } = this.held.prepared;
    const telemetry = await this.telemetry();
    return { verdict, deterministic, inputs, leakedBytesPerRun: await this.leak(), details, telemetry };
  }

  /** Memory that is held until it is disposed of and collected. */
  get bytes(): number {
    return this.held.prepared.bytes;
  }

  async dispose(): Promise<void> {
    await this.held.prepared.dispose();
  }

  private async telemetry(): Promise<Telemetry | undefined> {
    if (!this.meter) return undefined;
    const watts = await this.watts(this.meter);
    return { ...summed(this.readings), ...(watts === undefined ? {} : { watts, powerOf: this.meter.of }) };
  }

  /** Mean power over a stretch of runs, behind all that was timed. */
  private async watts(meter: Meter): Promise<number | undefined> {
    const { meterNs = 0, prepared } = this.held;
    // a longer run would cost more than all that was timed
    if (meterNs === 0 || this.estimateNs > 4 * meterNs) return undefined;
    const joules = meter.energy();
    if (!joules) return undefined;
    const repeats = Math.max(1, Math.ceil(meterNs / 4 / this.estimateNs));
    const start = this.instruments.nowMs();
    const seconds = () => (this.instruments.nowMs() - start) / 1e3;
    while (seconds() < meterNs / 1e9) await this.engine.time((launch) => prepared.run(launch), repeats);
    const [spent, during] = [joules(), seconds()];
    return spent === undefined ? undefined : spent / during;
  }

  private async leak(): Promise<number> {
    const { leaks, prepared } = this.held;
    if (!leaks) return 0;
    const memory = {
      run: async (times: number) => {
        for (let i = 0; i < times; i++) await this.engine.once((launch) => prepared.run(launch));
      },
      liveBytes: () => this.instruments.liveBytes(),
      rest: () => new Promise<void>((resolve) => setTimeout(resolve, REST_MS)),
    };
    return leakedBytesPerRun(memory, this.estimateNs, this.stretches);
  }

  private get proven(): Proven {
    if (!this.proof) throw new Error("a case must be verified before it is timed");
    return this.proof;
  }

  private truth(problem: Problem, handle: ReferenceHandle): Truth {
    const reference = () => this.instruments.readReference(handle);
    return { operator: operatorNamed(problem.operator), problem, lanes: handle.lanes, reference };
  }
}
