/**
 * `gate --self-test`: the whole command in a small repository of its own, which gates three of our kernels through `--impl`. Each
 * scenario is a commit; what must come out is an exit code and names. Nothing is simulated but the change.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Verdict } from "../../../reports/gate/verdict.js";
import { hookless } from "../../../suites/gate/trees/git.js";
import { makeHarness, PROGRAM } from "../../../suites/gate/trees/trees.js";
import { loaderFlags } from "../../../suites/processes/fork.js";
import { EXIT } from "../exit.js";
import { Interrupt } from "../interrupt.js";

const KERNELS = ["ssd/chunked.wasm", "ssd/recurrent.wasm", "selective_scan/recurrent.wasm"];
const CHANGED = KERNELS[0];
const FILTER = "length=1024 state=64";
/** On a busy machine a quiet verdict may be a blind one; here the planted change shows whether it is. */
const MDE_PERCENT = "60";

type Change = "none" | "comment" | "slow" | "wrong";

interface Scenario {
  readonly says: string;
  readonly change: Change;
  readonly args: readonly string[];
  readonly exit: number;
  /** What is wrong with the verdict; undefined when nothing is. */
  fault?(verdict: Verdict): string | undefined;
}

const AGAINST_BASE = ["--base", "base", "--impl", "kernel.mjs", "--filter", FILTER, "--mde", MDE_PERCENT];

const SCENARIOS: readonly Scenario[] = [
  {
    says: "a missing baseline is exit 2",
    change: "none",
    args: ["--baseline", "nowhere.json", "--impl", "kernel.mjs"],
    exit: EXIT.usage,
  },
  {
    says: "a baseline of another machine is exit 3",
    change: "none",
    args: ["--baseline", "foreign.json", "--impl", "kernel.mjs", "--filter", FILTER],
    exit: EXIT.inconclusive,
  },
  {
    says: `one wrong number in ${CHANGED} is exit 4, and named`,
    change: "wrong",
    args: AGAINST_BASE,
    exit: EXIT.wrongOutput,
    fault: (verdict) => named(verdict, "wrong"),
  },
  {
    says: "a change that does nothing is exit 0",
    change: "comment",
    args: AGAINST_BASE,
    exit: EXIT.good,
  },
  {
    says: `10% more time in ${CHANGED} is exit 1, and named, and nothing else is`,
    change: "slow",
    args: AGAINST_BASE,
    exit: EXIT.wrong,
    fault: (verdict) => named(verdict, "slower"),
  },
];

/** @returns 0 when every scenario ended as it must, 1 otherwise */
export async function selfTestGate(): Promise<number> {
  const interrupt = new Interrupt();
  let child: ChildProcess | undefined;
  interrupt.stop = () => child?.kill("SIGTERM");
  const folder = mkdtempSync(join(tmpdir(), "dualbench-self-test-"));
  const program = await makeProgram();
  let failures = 0;
  try {
    makeRepository(folder, program);
    for (const scenario of SCENARIOS) {
      const start = performance.now();
      commitKernel(folder, scenario.change, program);
      const ended = gateIn(folder, scenario.args, program);
      child = ended.child;
      const { code, said } = await ended.done;
      if (interrupt.code !== undefined) return interrupt.code;
      const fault = code === scenario.exit ? faultOf(folder, scenario) : `it ended with exit ${code}`;
      if (fault !== undefined) failures++;
      const seconds = ((performance.now() - start) / 1e3).toFixed(0);
      process.stdout.write(`${fault === undefined ? "ok  " : "FAIL"}  ${scenario.says} (${seconds} s)\n`);
      if (fault !== undefined) process.stdout.write(`      ${fault}\n${said.replace(/^/gm, "      | ")}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
    program.remove();
    interrupt.close();
  }
  return failures === 0 ? EXIT.good : EXIT.wrong;
}

function faultOf(folder: string, { fault }: Scenario): string | undefined {
  if (!fault) return undefined;
  return fault(JSON.parse(readFileSync(join(folder, "out", "verdict.json"), "utf8")) as Verdict);
}

/** Cases with this outcome must be those of the changed kernel, all of them, and no others. */
function named({ cases }: Verdict, outcome: Verdict["cases"][number]["outcome"]): string | undefined {
  const hit = cases.filter((judged) => judged.outcome === outcome).map(({ id }) => id);
  const stray = hit.find((id) => !id.startsWith(`${CHANGED} `));
  if (stray !== undefined) return `${stray} is called ${outcome}`;
  return hit.length > 0 ? undefined : `no case of ${CHANGED} is called ${outcome}`;
}

/** The harness that the scenarios run. */
interface Program {
  /** Holds impls/ and scripts/. */
  readonly root: string;
  readonly extension: string;
  remove(): void;
}

/** This harness; from sources, transpiled once for all its processes, below the repository so that packages resolve. */
async function makeProgram(): Promise<Program> {
  const extension = import.meta.url.slice(-3);
  const here = fileURLToPath(new URL("../../../", import.meta.url));
  if (extension !== ".ts") return { root: here, extension, remove: () => {} };
  const { folder, works, remove } = await makeHarness(here, [...PROGRAM, "scripts"]);
  return works ? { root: folder, extension: ".js", remove } : { root: here, extension, remove };
}

function makeRepository(folder: string, program: Program): void {
  git(folder, "init", "--quiet", "--initial-branch", "base");
  const fingerprint = { hard: { cpu: "a machine that does not exist" }, soft: {} };
  const cases = {};
  const foreign = { version: 1, commit: "none", writtenUtc: "1970-01-01T00:00:00Z", fingerprint, cases };
  writeFileSync(join(folder, "foreign.json"), JSON.stringify(foreign));
  writeFileSync(join(folder, ".gitignore"), "out/\n");
  writeFileSync(join(folder, "kernel.mjs"), kernel("none", program));
  git(folder, "add", "--all");
  commit(folder, "base");
  git(folder, "checkout", "--quiet", "-b", "change");
}

function commitKernel(folder: string, change: Change, program: Program): void {
  git(folder, "reset", "--quiet", "--hard", "base");
  writeFileSync(join(folder, "kernel.mjs"), kernel(change, program));
  git(folder, "add", "--all");
  commit(folder, change);
}

function commit(folder: string, message: string): void {
  const who = ["-c", "user.name=self-test", "-c", "user.email=self-test@localhost"];
  git(folder, ...who, "commit", "--quiet", "--no-verify", "--allow-empty", "-m", message);
}

function git(folder: string, ...args: string[]): void {
  execFileSync("git", args, {
    cwd: folder,
    env: hookless(process.env),
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** A user's module: our kernels, one of them changed. */
function kernel(change: Change, { root, extension }: Program): string {
  const impls = pathToFileURL(join(root, `impls/index${extension}`)).href;
  return `import { implementations } from ${JSON.stringify(impls)};
// ${change === "none" ? "as it was" : "touched"}
const of = (name) => implementations.find(({ operator, form, engine }) => \`\${operator.name}/\${form}.\${engine}\` === name);
const CHANGES = {
  none: (prepared) => prepared.run,
  slow: (prepared) => (launch) => {
    const start = performance.now();
    prepared.run(launch);
    const end = start + 1.1 * (performance.now() - start);
    while (performance.now() < end);
  },
  wrong: (prepared, outputs) => (launch) => {
    prepared.run(launch);
    outputs.Y[7] += 1;
  },
};
const changed = (inner, change) => ({
  ...inner,
  async prepare(engine, problem, options) {
    const prepared = await inner.prepare(engine, problem, options);
    return { ...prepared, run: change(prepared, await prepared.read()) };
  },
});
export const kernels = ${JSON.stringify(KERNELS)}.map((name) =>
  changed(of(name), CHANGES[name === ${JSON.stringify(CHANGED)} ? ${JSON.stringify(change === "comment" ? "none" : change)} : "none"]));
`;
}

function gateIn(
  folder: string,
  args: readonly string[],
  { root, extension }: Program,
): { child: ChildProcess; done: Promise<{ code: number | null; said: string }> } {
  const script = join(root, "scripts", `gate${extension}`);
  const command = [...loaderFlags(extension), script, ...args, "--out", "out"];
  const child = spawn(process.execPath, command, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const done = new Promise<{ code: number | null; said: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, said })),
  );
  return { child, done };
}
