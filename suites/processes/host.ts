/** What the runner needs from the place it runs in: processes on Node, a page in a browser. */
import type { Lane, Problem } from "../../impls/operator.js";
import type { CallName, Calls, ReferenceHandle } from "./protocol.js";

/** The engine's process is gone: crash, abort, hang or memory. Only the case it worked on is lost. */
export class EngineDied extends Error {
  override readonly name = "EngineDied";

  /** @param hung it gave no answer in time, and would not at larger sizes either */
  constructor(
    message: string,
    readonly hung = false,
  ) {
    super(message);
  }
}

/** The call itself failed; the engine lives. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
}

/** One engine, in a process of its own. */
export interface EngineLink {
  /** @throws CallFailed, or EngineDied when no answer came within the deadline */
  call<K extends CallName>(call: K, body: Calls[K][0], deadlineMs: number): Promise<Calls[K][1]>;
  readonly alive: boolean;
  stop(): Promise<void>;
}

export interface Host {
  /**
   * A process for one engine; the first call must be `open`.
   * @param module what it runs where that is not this harness's own: the child of a tree that the gate compares
   */
  start(module?: string): EngineLink;
  /** Computes the truth of a problem's lanes once, for every child to read. */
  reference(problem: Problem, lanes: readonly Lane[], deadlineMs: number): Promise<ReferenceHandle>;
  forget(handle: ReferenceHandle): void;
  /** Whether a package is there to be imported; a host that cannot say leaves it to the engine's process. */
  hasPackage?(name: string): boolean;
  /** Unix time in ms with a fine, monotonic fraction. */
  nowMs(): number;
  /** Bytes that the cases of one problem may hold together. */
  readonly memoryBytes: number;
  close(): Promise<void>;
}
