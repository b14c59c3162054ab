/** A Python process that answers calls: JSON lines, a line with `bytes` followed by so many raw bytes. One call at a time. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Unsupported } from "../../prepared.js";
import { EngineAbsent, EngineCrashed } from "../engine.js";
import { pythonEnvironment } from "./environment.js";

export interface Answer {
  readonly value: unknown;
  readonly data: Buffer;
}

interface Reply {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: string;
  /** The error says that this machine lacks something, not that a call went wrong. */
  readonly absent?: boolean;
  /** The program does not take this problem. */
  readonly unsupported?: boolean;
  /** The process ends after this, and says why. */
  readonly gone?: boolean;
  readonly bytes: number;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

function failure({ error, absent, unsupported, gone }: Reply): Error {
  if (gone) return new EngineCrashed(error);
  return absent ? new EngineAbsent(error) : unsupported ? new Unsupported(error) : new Error(error);
}

/** What a Python process runs, and what must stand in its environment before it starts. */
export interface Program {
  readonly file: URL;
  readonly environment?: Readonly<Record<string, string>>;
}

const HOST: Program = { file: new URL("./host.py", import.meta.url) };
/** How much of the end of stderr is kept to explain a death. */
const LAST_WORDS = 4000;
const CLOSE_MS = 2000;

export class Python {
  readonly #process: ChildProcess;
  readonly #gone: Promise<void>;
  #waiting: Waiting | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #death: Error | undefined;
  #lastWords = "";
  #chunks: Buffer[] = [];
  #held = 0;
  #header: Reply | undefined;

  /** @param command the interpreter */
  constructor(
    readonly command: string,
    { file, environment }: Program = HOST,
  ) {
    // -B: no compiled files beside the sources
    this.#process = spawn(command, ["-B", fileURLToPath(file)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...pythonEnvironment(), ...environment },
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS);
    });
    this.#process.stdout?.on("data", (chunk: Buffer) => this.#receive(chunk));
    // what it could not take any more is told by its end
    this.#process.stdin?.on("error", () => {});
    this.#gone = new Promise((resolve) => {
      const end = (error: Error) => {
        this.#death ??= error;
        this.#waiting?.reject(this.#death);
        this.#waiting = undefined;
        resolve();
      };
      this.#process.on("error", (error) =>
        end(new EngineAbsent(`${command} cannot be run: ${error.message}`)),
      );
      this.#process.on("close", (code, signal) => end(this.#crashed(code, signal)));
    });
  }

  /** @throws EngineAbsent, EngineCrashed when the process ended, or an Error with the exception's class and text */
  call(call: string, body: unknown = null, data: Uint8Array = new Uint8Array()): Promise<Answer> {
    const answer = this.#queue.then(() => this.#send(call, body, data));
    this.#queue = answer.catch(() => {});
    return answer;
  }

  /** Ends the process; a call under way is not waited for. */
  async close(): Promise<void> {
    this.#death ??= new Error("the torch engine is closed");
    this.#process.stdin?.end();
    const late = setTimeout(() => this.#process.kill("SIGKILL"), CLOSE_MS);
    await this.#gone;
    clearTimeout(late);
  }

  #send(call: string, body: unknown, data: Uint8Array): Promise<Answer> {
    if (this.#death) return Promise.reject(this.#death);
    return new Promise<Answer>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#process.stdin?.write(`${JSON.stringify({ call, body, bytes: data.byteLength })}\n`);
      if (data.byteLength > 0) this.#process.stdin?.write(data);
    });
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (!this.#header) {
      if (!chunk.includes(10)) return;
      const all = this.#take(this.#held);
      const end = all.indexOf(10);
      this.#header = JSON.parse(all.toString("utf8", 0, end)) as Reply;
      this.#chunks = [all.subarray(end + 1)];
      this.#held = all.length - end - 1;
    }
    if (this.#held < this.#header.bytes) return;
    const header = this.#header;
    const data = this.#take(header.bytes);
    this.#header = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (header.ok) waiting?.resolve({ value: header.value, data });
    else {
      const error = failure(header);
      if (header.gone) this.#death ??= error;
      waiting?.reject(error);
    }
  }

  /** The first bytes of what has come, aligned for typed arrays. */
  #take(bytes: number): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = bytes < all.length ? [all.subarray(bytes)] : [];
    this.#held = all.length - bytes;
    const taken = Buffer.from(new ArrayBuffer(bytes));
    all.copy(taken, 0, 0, bytes);
    return taken;
  }

  #crashed(code: number | null, signal: NodeJS.Signals | null): Error {
    const how = signal ? `was ended by ${signal}` : `exited with code ${code}`;
    const words = this.#lastWords
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
    const told = words.findLast((line) => /error|exception|fatal/i.test(line)) ?? words.at(-1);
    return new EngineCrashed(`Python ${how}${told ? `: ${told.slice(0, 200)}` : ""}`);
  }
}
