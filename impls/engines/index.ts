/** All engines by name. Loading one is a promise, so that listing them loads no native code. */
import type { EngineName } from "../implementation.js";
import type { Engine } from "./engine.js";

export interface EngineEntry {
  readonly name: EngineName;
  /** Devices to run on; an engine with one device has none to name. */
  // biome-ignore lint/suspicious/noExplicitAny: each engine has its own launch type; runners never look at it
  load(): Promise<{ open(device?: string): Promise<Engine<any>> }>;
}

export const engines: readonly EngineEntry[] = [
  { name: "wasm", load: () => import("./wasm.js") },
  { name: "cpu", load: () => import("./cpu.js") },
];
