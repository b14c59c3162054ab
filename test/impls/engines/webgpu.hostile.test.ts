/** A kernel that hangs, loses the device, asks for too much or for nonsense costs one row, with the driver's own words. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { swiftShaderFolder } from "../../../impls/engines/webgpu/device/software.js";
import type { Row } from "../../../reports/rows/row.js";
import { readRun } from "../../../reports/rows/store.js";
import { bench, type Ended, programFile, root, temporary } from "../../scripts/cli.js";
import { here } from "./webgpu/adapter.js";

const folder = "test/impls/engines/webgpu/hostile";
const makes = readdirSync(join(root, folder))
  .filter((file) => file.endsWith(".ts") && file !== "wrapped.ts")
  .map((file) => file.replace(/\.ts$/, ""));

const expected: Readonly<Record<string, RegExp>> = {
  "loses-device": /^the GPU device was lost: /,
  "exhausts-memory": /^a scratch buffer of \d+ bytes: .*VK_ERROR_OUT_OF_DEVICE_MEMORY/,
  "binds-nonsense": /^endless.wgsl: Binding usage .*Uniform.* doesn't match expected usage .*Storage/,
  loops: /no answer to \w+ within \d+ s \(SIGKILL\)/,
};

describe.runIf(here)("hostile WebGPU kernels", () => {
  const out = join(temporary(), "run");
  let ended: Ended;
  let rows: readonly Row[];

  beforeAll(async () => {
    const impl = makes.flatMap((name) => ["--impl", programFile(`${folder}/${name}`)]);
    const args = ["--grid", "quick", "--suite", "sequence-length", "--engine", "webgpu", "--out", out];
    // short for a software adapter, and one kernel at two lengths: each failure costs a new process, whose pipelines compile for seconds
    const axes = ["--axis", "length=16,32", "--filter", "ssd/recurrent length=16|make=loses-device"];
    // SwiftShader wherever it runs: another driver may have all the memory that is asked for
    const driver = swiftShaderFolder();
    const env = {
      VK_DRIVER_FILES: undefined,
      VK_ICD_FILENAMES: join(driver, "vk_swiftshader_icd.json"),
      LD_LIBRARY_PATH: driver,
    };
    ended = await bench([...args, ...axes, ...impl], { env });
    rows = readRun(out).cases.map(({ row }) => row);
  }, 240_000);

  it("are all covered here", () => {
    expect(Object.keys(expected).sort()).toEqual([...makes].sort());
  });

  it.each(Object.entries(expected))("%s fails with the reason", (make, reason) => {
    const [first, ...others] = rows.filter((row) => row.make === make);
    expect(first).toMatchObject({ length: 16, status: "failed", reason: expect.stringMatching(reason) });
    expect(others.map(({ length, status }) => `${length} ${status}`)).toEqual(
      make === "loses-device" ? ["32 failed"] : [],
    );
  });

  it("leave the healthy kernel measured, and the run ends with exit code 1", () => {
    expect(ended.code, ended.stderr).toBe(1);
    const others = rows.filter((row) => !makes.includes(row.make ?? ""));
    expect(others.map(({ status }) => status)).toEqual(["measured"]);
  });
});
