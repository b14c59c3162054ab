/** The runner's host on Node: child processes, files in the temporary folder, memory limits. */
import type { ChildProcess } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import type { Lane, Problem } from "../../impls/operator.js";
import { inShares } from "../check/lane-shares.js";
import { descendantsOf, endAll, gib, residentBytes, type Started } from "./descendants.js";
import { forkBeside, forkModule } from "./fork.js";
import { CallFailed, EngineDied, type EngineLink, type Host } from "./host.js";
import { placeIn } from "./modules/thrown.js";
import type { CallName, Calls, Reply } from "./protocol.js";

/** How often the memory of a working child is looked at. */
const WATCH_MS = 250;
/** What a killed process may take to end. A driver's call cannot be killed, and pipes may be held open by what it has left behind. */
const END_MS = 10_000;

export interface NodeHostOptions {
  readonly memoryBytes?: number;
  readonly endMs?: number;
  /** The module that processes run unless they are started with another; by default the one beside this. */
  child?(): string | undefined;
}

export function nodeHost(options: NodeHostOptions = {}): Host {
  removeLeftBehind();
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const memoryBytes = options.memoryBytes ?? Math.floor(availableBytes() / 2);
  const children = new Set<Child>();
  /** They compute references, in processes of their own, so that Ctrl-C is answered while a long one is at work. */
  const clerks = new Set<Child>();
  let references = 0;
  let closed = false;
  const start = (module = options.child?.()) => {
    // whoever is told that a process ended would start the next one
    if (closed) throw new EngineDied("stopped");
    const child = new Child(module, memoryBytes, options.endMs ?? END_MS, () => children.delete(child));
    children.add(child);
    return child;
  };
  const ask = async (problem: Problem, lanes: readonly Lane[], file: string, deadlineMs: number) => {
    const clerk = [...clerks].find((one) => one.alive && !one.isBusy) ?? start();
    clerks.add(clerk);
    try {
      await clerk.call("reference", { problem, lanes, file }, deadlineMs);
    } finally {
      if (!clerk.alive) clerks.delete(clerk);
    }
  };
  return {
    start,
    memoryBytes,
    nowMs: () => performance.timeOrigin + performance.now(),
    async reference(problem, lanes, deadlineMs) {
      const file = () => join(folder, `${references++}.lanes`);
      const one = (part: readonly Lane[], to: string) => ask(problem, part, to, deadlineMs);
      return { file: await inShares(problem, lanes, file, one), lanes };
    },
    forget: ({ file }) => rmSync(file, { force: true }),
    hasPackage: isInstalled,
    async close() {
      closed = true;
      await Promise.all([...children].map((child) => child.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One that exports nothing to `require` is there all the same. */
function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND";
  }
}

const PREFIX = "dualbench-lanes-";

/** References of runs that were killed: large files that nobody else will remove. */
function removeLeftBehind(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length).split("-")[0] : Number.NaN);
    if (Number.isNaN(pid)) continue;
    try {
      process.kill(pid, 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH") removeOwn(join(tmpdir(), name));
    }
  }
}

/** Another user's folder is left to them, and so is whatever a link leads to. */
function removeOwn(folder: string): void {
  const there = lstatSync(folder, { throwIfNoEntry: false });
  if (there?.isDirectory() && there.uid === (process.getuid?.() ?? there.uid))
    rmSync(folder, { recursive: true, force: true });
}

/** Memory this process may use: the machine's, or its container's if that is less. */
function availableBytes(): number {
  const constrained = process.constrainedMemory?.() || Number.POSITIVE_INFINITY;
  return Math.min(freemem(), constrained);
}

class Child implements EngineLink {
  private readonly process: ChildProcess;
  private next = 0;
  private waiting: { id: number; resolve(value: unknown): void; reject(error: Error): void } | undefined;
  private death: string | undefined;
  private killedFor: string | undefined;
  private hung = false;
  private lastWords = "";
  /** What it had started when it was last looked at. */
  private started: readonly Started[] = [];
  private readonly gone: Promise<void>;
  private end!: (what: string) => void;
  private patience: NodeJS.Timeout | undefined;

  constructor(
    file: string | undefined,
    private readonly memoryBytes: number,
    private readonly endMs: number,
    onExit: () => void,
  ) {
    this.process = file === undefined ? forkBeside(import.meta.url, "child") : forkModule(file);
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.lastWords = (this.lastWords + text).slice(-4000);
    });
    this.process.on("message", (reply: Reply | null) => this.settle(reply));
    this.gone = new Promise((resolve) => {
      const end = (what: string) => {
        if (this.death !== undefined) return;
        this.death = what;
        clearTimeout(this.patience);
        // of one that ended by itself, nobody can list any more what it started
        endAll(this.started);
        onExit();
        this.waiting?.reject(new EngineDied(what, this.hung));
        this.waiting = undefined;
        resolve();
      };
      this.end = end;
      this.process.on("error", (error) => end(`its process could not run: ${error.message}`));
      // "close" comes after stderr has been read
      this.process.on("close", (code, signal) => end(this.killedFor ?? this.describeExit(code, signal)));
    });
  }

  get alive(): boolean {
    return this.death === undefined && this.killedFor === undefined;
  }

  get isBusy(): boolean {
    return this.waiting !== undefined;
  }

  call<K extends CallName>(call: K, body: Calls[K][0], deadlineMs: number): Promise<Calls[K][1]> {
    if (!this.alive) return Promise.reject(new EngineDied(this.death ?? this.killedFor ?? "gone"));
    const id = this.next++;
    return new Promise<Calls[K][1]>((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.hung = true;
        this.kill(`no answer to ${call} within ${(deadlineMs / 1e3).toFixed(0)} s (SIGKILL)`);
      }, deadlineMs);
      const watch = setInterval(() => this.watchMemory(), WATCH_MS);
      const done = () => {
        clearTimeout(deadline);
        clearInterval(watch);
      };
      this.waiting = {
        id,
        resolve: (value) => {
          done();
          resolve(value as Calls[K][1]);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      this.process.send({ id, call, body }, (error) => {
        if (error && this.waiting?.id === id && !this.process.connected) return; // its exit says more
        if (error && this.waiting?.id === id) this.settle({ id, ok: false, message: error.message });
      });
    });
  }

  async stop(): Promise<void> {
    this.kill("stopped");
    await this.gone;
  }

  private kill(why: string): void {
    if (!this.alive) return;
    this.killedFor = why;
    const { pid } = this.process;
    // stopped first, so that it starts nothing between the list and the end
    if (process.platform !== "win32") this.process.kill("SIGSTOP");
    const started = pid === undefined ? [] : descendantsOf(pid);
    this.process.kill("SIGKILL");
    endAll([...this.started, ...started]);
    this.patience = setTimeout(() => this.leave(), this.endMs);
  }

  /** Nothing of it keeps this process from ending. */
  private leave(): void {
    this.end(`${this.killedFor}, and has not ended within ${this.endMs / 1e3} s`);
    this.process.unref();
    this.process.channel?.unref();
    this.process.stderr?.destroy();
  }

  /** A module may have sent something of its own. */
  private settle(reply: Reply | null): void {
    const { waiting } = this;
    if (!waiting || waiting.id !== reply?.id) return;
    this.waiting = undefined;
    if (reply.ok) {
      waiting.resolve(reply.value);
      return;
    }
    // a lost device costs this case only: the next one gets another process
    if (reply.isLost) this.kill("its device was lost");
    waiting.reject(new CallFailed(reply.message));
  }

  private watchMemory(): void {
    const { pid } = this.process;
    if (pid === undefined || process.platform !== "linux") return;
    this.started = descendantsOf(pid);
    const bytes = [pid, ...this.started.map((one) => one.pid)].reduce(
      (sum, one) => sum + residentBytes(one),
      0,
    );
    if (bytes > this.memoryBytes)
      this.kill(`held ${gib(bytes)} of memory, more than the ${gib(this.memoryBytes)} it may have (SIGKILL)`);
  }

  private describeExit(code: number | null, signal: NodeJS.Signals | null): string {
    const words = this.lastWords.split("\n").map((line) => line.trim());
    const told = words.find((line) => /heap out of memory|FATAL|Error:|error:/.test(line)) ?? "";
    const how = signal ? `its process was ended by ${signal}` : `its process exited with code ${code}`;
    const place = told ? placeIn(this.lastWords, []) : undefined;
    return told ? `${how}: ${told.slice(0, 200)}${place === undefined ? "" : ` (${place})`}` : how;
  }
}
