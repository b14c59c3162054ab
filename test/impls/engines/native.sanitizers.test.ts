/** Builds with sanitizers stop a kernel that reads behind a tensor: what `.ci/sanitizers` finds nothing with, finds something. */
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { EngineAbsent } from "../../../impls/engines/engine.js";
import { open } from "../../../impls/engines/native.js";
import { orReason } from "../../or-reason.js";

const compiler = process.env.CC || "cc";
const folder = mkdtempSync(join(tmpdir(), "dualbench-sanitizers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const runtimes = await orReason("native, built with sanitizers", async () => {
  await (await open()).close();
  const files = ["libasan.so", "libubsan.so"].map((name) =>
    execFileSync(compiler, [`-print-file-name=${name}`], { encoding: "utf8" }).trim(),
  );
  // a compiler names a file without its folder where it has none
  const absent = files.find((file) => !isAbsolute(file));
  if (absent) throw new EngineAbsent(`${compiler} has no ${absent}`);
  return files;
});

/** The compiler without the preloaded runtime, under which it takes minutes. */
function plainCompiler(): string {
  const file = join(folder, "cc");
  writeFileSync(file, `#!/bin/sh\nunset LD_PRELOAD\nexec ${compiler} "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

async function run(fault: string, env: Record<string, string>): Promise<{ stdout: string; stderr: string }> {
  const file = fileURLToPath(new URL("../../fixtures/native/run-behind.ts", import.meta.url));
  return promisify(execFile)(process.execPath, ["--import", "tsx", file, fault], {
    env: { ...process.env, ...env },
  }).catch((error) => error);
}

describe.runIf(runtimes)("a kernel with a fault", () => {
  const sanitized = {
    CC: plainCompiler(),
    LD_PRELOAD: runtimes?.join(" ") ?? "",
    ASAN_OPTIONS: "detect_leaks=0",
    DUALBENCH_CFLAGS: "-fsanitize=address,undefined -fno-sanitize-recover=undefined -O1 -g1",
  };

  it("ends its process when it reads behind a tensor", async () => {
    const { stdout, stderr } = await run("read", sanitized);
    expect(stderr).toMatch(/AddressSanitizer: use-after-poison.*[\s\S]*behind\.c/);
    expect(stdout).not.toContain("ended");
  }, 60_000);

  it("ends its process when a sum overflows", async () => {
    const { stdout, stderr } = await run("overflow", sanitized);
    expect(stderr).toMatch(/behind\.c:\d+:\d+: runtime error: signed integer overflow/);
    expect(stdout).not.toContain("ended");
  }, 60_000);

  it("runs on in a plain build: the sanitizers found it, not luck", async () => {
    expect((await run("read", {})).stdout).toContain("ended");
  }, 60_000);
});
