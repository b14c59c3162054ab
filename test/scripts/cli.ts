/** Runs a command as a user does: another process, its exit code and what it said. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { loaderFlags } from "../../suites/processes/fork.js";
import { VARIABLE } from "../program.js";

export const root = resolve(fileURLToPath(new URL("../..", import.meta.url)));

/** A module of the program as the commands here load it, named without its ending. */
export function programFile(name: string): string {
  const program = process.env[VARIABLE];
  return program === undefined ? join(root, `${name}.ts`) : join(program, `${name}.js`);
}

/** What Node is told to run a command of the program, e.g. "verify". The sources know the repository that they lie in. */
export function commandOf(script: string, sources = false): string[] {
  const file = sources ? join(root, "scripts", `${script}.ts`) : programFile(`scripts/${script}`);
  return [...loaderFlags(file.slice(-3)), file];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly script?: string;
  /** Runs the sources as they lie in the repository. */
  readonly sources?: boolean;
  readonly as?: Caller;
}

/** Who runs the command: as the tests themselves by default. */
export interface Caller {
  /** Words before the command, of a program that gives something up and then runs it. */
  readonly through?: readonly string[];
  readonly uid?: number;
}

export function start(args: readonly string[], options: CliOptions = {}): Started {
  const { through = [], uid } = options.as ?? {};
  const program = commandOf(options.script ?? "bench", options.sources);
  const [command, ...words] = [...through, process.execPath, ...program, ...args];
  const child = spawn(command, words, {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((done) => {
    child.on("close", (code, signal) => done({ code, signal, stdout, stderr }));
  });
  return { process: child, ended };
}

export function bench(args: readonly string[], options?: CliOptions): Promise<Ended> {
  return start(args, options).ended;
}

/** An empty folder that goes when the tests of the file are done. */
export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "dualbench-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function git(folder: string, ...args: string[]): string {
  const who = ["-c", "user.name=t", "-c", "user.email=t@localhost"];
  return execFileSync("git", [...who, ...args], { cwd: folder, encoding: "utf8", stdio: "pipe" }).trim();
}

const CALLERS: readonly Caller[] = [
  {},
  // root without the right to pass by mode bits: still the owner of the tree and of the folder
  { through: ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] },
  { uid: 65534 },
];

/** The first caller that can run the command and may not write into the folder. */
export function refusedBy(folder: string): Caller | undefined {
  return CALLERS.find(({ through = [], uid }) => {
    const probe = 'test -r "$0" && test ! -w "$1"';
    const [command, ...words] = [...through, "sh", "-c", probe, join(root, "scripts", "bench.ts"), folder];
    return spawnSync(command, words, uid === undefined ? {} : { uid, gid: uid }).status === 0;
  });
}
