/**
 * The engine's side of the protocol: one engine, what it can run, and its prepared cases. Knows no process and no
 * file, so that tests and a page run it in-process.
 */

import type { Engine } from "../../impls/engines/engine.js";
import type { EngineEntry } from "../../impls/engines/index.js";
import { type AnyImplementation, unsupportedReason } from "../../impls/implementation.js";
import { operatorNamed } from "../../impls/index.js";
import type { LaneReference } from "../../impls/operator.js";
import { type Prepared, Unsupported } from "../../impls/prepared.js";
import { evaluate, optionsOf } from "../verify/evaluate.js";
import { lacksOf } from "../verify/targets.js";
import { HeldCase, type Instruments } from "./held-case.js";
import { describeKernel, nameplate, plainEntry } from "./modules/describe.js";
import { oneLine } from "./one-line.js";
import { originOf } from "./origin.js";
import {
  type CallName,
  type Calls,
  type Description,
  type Lacking,
  type OpenRequest,
  PROTOCOL,
} from "./protocol.js";

/** What a session needs from the place it runs in. */
export interface SessionHost extends Instruments {
  /** Built-in implementations, then those of the user's files, in one order for parent and child. */
  implementations(files: readonly string[]): Promise<readonly AnyImplementation[]>;
  /** Built-in engines, then those of the user's files. */
  engines(files: readonly string[]): Promise<readonly EngineEntry[]>;
  /** What was thrown, as one sentence, with the place in the user's files where it was; without it, the message alone. */
  tell?(error: unknown, files: readonly string[]): string;
  /** @throws with one sentence when this machine lacks the engine */
  openEngine(request: OpenRequest): Promise<Engine<unknown>>;
  writeReference(file: string, lanes: Iterable<LaneReference>): void;
}

/** A case that held so much is collected at once. */
const LARGE_BYTES = 2 ** 27;

export class Session {
  private engine: Engine<unknown> | undefined;
  private impls: readonly AnyImplementation[] = [];
  private files: readonly string[] = [];
  private originMs = 0;
  private readonly cases = new Map<number, HeldCase>();

  constructor(private readonly host: SessionHost) {}

  async answer<K extends CallName>(call: K, body: Calls[K][0]): Promise<Calls[K][1]> {
    return (this[call] as (body: Calls[K][0]) => Promise<Calls[K][1]>).call(this, body);
  }

  /** Whether the engine's device is gone for good: this session can only be closed. */
  get isLost(): boolean {
    return this.engine?.isLost?.() ?? false;
  }

  /** What was thrown, as one sentence. */
  tell(error: unknown): string {
    return this.host.tell?.(error, this.files) ?? oneLine(error);
  }

  async close(): Promise<void> {
    for (const held of this.cases.values()) await held.dispose();
    this.cases.clear();
    await this.engine?.close();
  }

  async open(body: Calls["open"][0]): Promise<Calls["open"][1]> {
    this.impls = await this.host.implementations(body.files);
    this.files = body.files;
    this.originMs = body.originMs;
    try {
      this.engine = await this.host.openEngine(body);
      const { device } = this.engine;
      const lacking = await this.lacking(body.engine);
      const cools = this.engine.timeCold !== undefined;
      return { protocol: PROTOCOL, present: true, device, lacks: lacksOf(this.engine), lacking, cools };
    } catch (error) {
      // an engine that this machine lacks is an ordinary answer, whatever its loader threw
      return { protocol: PROTOCOL, present: false, reason: oneLine(error) };
    }
  }

  private async lacking(name: string): Promise<Lacking[]> {
    const found: Lacking[] = [];
    for (const [index, impl] of this.impls.entries()) {
      const reason = impl.engine === name ? await impl.absent?.(this.opened() as never) : undefined;
      if (reason !== undefined) found.push({ impl: index, reason });
    }
    return found;
  }

  async describe({ questions }: Calls["describe"][0]): Promise<Calls["describe"][1]> {
    const answers: Description[][] = [];
    for (const { impl, problem, everyChoice } of questions) {
      const tell = (error: unknown) => this.tell(error);
      answers.push(await describeKernel(this.impls[impl], this.opened(), problem, everyChoice, tell));
    }
    return answers;
  }

  async ceilings({ threads }: Calls["ceilings"][0]): Promise<Calls["ceilings"][1]> {
    return this.opened().ceilings(threads);
  }

  async list({ files }: Calls["list"][0]): Promise<Calls["list"][1]> {
    this.files = files;
    const impls = await this.host.implementations(files);
    const entries = await this.host.engines(files);
    return {
      implementations: impls
        .filter((impl) => originOf(impl) !== undefined)
        .map((impl) => ({ ...nameplate(impl), costs: [] })),
      engines: entries.map(plainEntry),
    };
  }

  async inventory({ problems }: Calls["inventory"][0]): Promise<Calls["inventory"][1]> {
    return this.impls.map((impl) => ({
      ...nameplate(impl),
      costs: problems.map((problem) => {
        if (!impl.cost || problem.operator !== impl.operator.name) return null;
        return unsupportedReason(impl, problem, {}) === undefined ? impl.cost(problem, {}) : null;
      }),
    }));
  }

  async engines(): Promise<Calls["engines"][1]> {
    const entries = await this.host.engines(this.files);
    return entries.map(plainEntry);
  }

  async choices({ impl: index, problem }: Calls["choices"][0]): Promise<Calls["choices"][1]> {
    return optionsOf(this.impls[index], this.opened(), problem);
  }

  async evaluate({ impl, problem, options }: Calls["evaluate"][0]): Promise<Calls["evaluate"][1]> {
    try {
      return await evaluate(this.impls[impl], this.opened(), problem, options);
    } catch (error) {
      if (error instanceof Unsupported) return { unsupported: error.message };
      throw error;
    }
  }

  async prepare(body: Calls["prepare"][0]): Promise<Calls["prepare"][1]> {
    const { problem, options, leaks, meterNs } = body;
    const impl = this.impls[body.impl];
    let prepared: Prepared;
    try {
      prepared = await impl.prepare(this.opened() as never, problem, options);
    } catch (error) {
      if (error instanceof Unsupported) return { unsupported: error.message };
      throw error;
    }
    const held = { impl, problem, options, prepared, leaks, meterNs };
    this.cases.set(body.case, new HeldCase(this.opened(), this.host, this.originMs, held));
    return { bytes: prepared.bytes, details: prepared.details };
  }

  async verify(body: Calls["verify"][0]): Promise<Calls["verify"][1]> {
    return this.get(body.case).verify(body);
  }

  async warm(body: Calls["warm"][0]): Promise<Calls["warm"][1]> {
    return this.get(body.case).warm(body);
  }

  async sample(body: Calls["sample"][0]): Promise<Calls["sample"][1]> {
    return this.get(body.case).sample(body);
  }

  async recheck(body: Calls["recheck"][0]): Promise<Calls["recheck"][1]> {
    return this.get(body.case).recheck();
  }

  async dispose({ case: id }: Calls["dispose"][0]): Promise<null> {
    const bytes = await this.release(id);
    // else the next case's memory comes on top of what nobody has collected yet
    if (bytes >= LARGE_BYTES) this.host.liveBytes();
    return null;
  }

  /** @returns the memory that the case held */
  private async release(id: number): Promise<number> {
    const held = this.cases.get(id);
    this.cases.delete(id);
    await held?.dispose();
    return held?.bytes ?? 0;
  }

  async reference({ problem, lanes, file }: Calls["reference"][0]): Promise<null> {
    this.host.writeReference(file, operatorNamed(problem.operator).reference(problem, lanes));
    return null;
  }

  private opened(): Engine<unknown> {
    if (!this.engine) throw new Error("no engine is open in this session; the first call must be open");
    return this.engine;
  }

  private get(id: number): HeldCase {
    const held = this.cases.get(id);
    if (!held) throw new Error(`case ${id} is not prepared in this session`);
    return held;
  }
}
