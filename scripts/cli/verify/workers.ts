/**
 * Processes of `verify`, each with a share of the cases. Our kernels without native code run in such a process itself; where one keeps
 * it from answering, or ends it, the share is verified again with every engine in a process of its own, which finds out whose it was.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loaderFlags } from "../../../suites/processes/fork.js";
import { type BlockResult, parseBlock } from "../../../suites/verify/campaign/blocks.js";
import type { VerifyOptions } from "./options.js";
import { asked } from "./tell.js";

/** A kernel is given up after 40 s, compiling one may take some more. */
const SILENT_MS = 90_000;
const LOOK_MS = 250;
/** How often a watched process is heard. */
const BEAT_MS = 500;

export interface Share {
  readonly cases: number;
  readonly seed: number;
  /** I/N: which of the cases. */
  readonly shard: string;
  /** Where what it found goes. */
  readonly file: string;
}

export interface Ended {
  readonly code: number | null;
  /** The last that it said on stderr. */
  readonly said: string;
  /** Undefined where it ended without one. */
  readonly result: BlockResult | undefined;
}

export class Workers {
  readonly #running = new Set<ChildProcess>();
  #stopped = false;

  /** @param script what each process runs: `verify`, the one beside which this module lies, as sources or built */
  constructor(
    private readonly silentMs = SILENT_MS,
    private readonly script = fileURLToPath(
      new URL(`../../verify${import.meta.url.slice(-3)}`, import.meta.url),
    ),
  ) {}

  /** @param listen is given what the process says on stderr */
  async verify(share: Share, options: VerifyOptions, listen?: (text: string) => void): Promise<Ended> {
    const { cases, seed, shard, file } = share;
    const own = { cases, seed, shard, json: file };
    const args = [...Object.entries(own).flatMap(([flag, value]) => [`--${flag}`, String(value)])];
    const run = (...more: string[]) => this.#run([...args, ...asked(options), ...more], listen);
    const watched = await run("--watched");
    const ended = watched.code === null && !this.#stopped ? await run() : watched;
    return { ...ended, result: resultIn(file) };
  }

  stop(): void {
    this.#stopped = true;
    for (const child of this.#running) child.kill("SIGTERM");
  }

  #run(args: readonly string[], listen?: (text: string) => void): Promise<Omit<Ended, "result">> {
    const { script, silentMs } = this;
    const child = spawn(process.execPath, [...loaderFlags(script.slice(-3)), script, ...args], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#running.add(child);
    let said = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-1000);
      listen?.(text);
    });
    let heardMs = performance.now();
    child.on("message", () => {
      heardMs = performance.now();
    });
    const watch = setInterval(() => {
      if (args.includes("--watched") && performance.now() - heardMs > silentMs) child.kill("SIGKILL");
    }, LOOK_MS);
    return new Promise<Omit<Ended, "result">>((settle, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) =>
        settle({ code, said: said.trimEnd().split("\n").at(-1) || `exit ${signal ?? code}` }),
      );
    }).finally(() => {
      clearInterval(watch);
      this.#running.delete(child);
    });
  }
}

/** What a share found, once it has ended. */
export function resultIn(file: string): BlockResult | undefined {
  return existsSync(file) ? parseBlock(readFileSync(file, "utf8")) : undefined;
}

/** The watched side: says that it is there, and goes when nobody listens any more. @returns what ends it */
export function beat(): () => void {
  const timer = setInterval(() => process.send?.("there"), BEAT_MS);
  const gone = () => process.exit(1);
  process.on("disconnect", gone);
  process.channel?.unref();
  return () => {
    clearInterval(timer);
    process.off("disconnect", gone);
  };
}
