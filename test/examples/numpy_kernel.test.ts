/** The round trip of a kernel in another language: a right one passes, one with exclusive decay is told with the element. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root, start, temporary } from "../scripts/cli.js";

/** The system's own stands second: an interpreter that comes first in PATH may have no numpy. */
const python = [process.env.DUALBENCH_PYTHON, "python3", "/usr/bin/python3"].find(
  (name) => name && spawnSync(name, ["-c", "import numpy"]).status === 0,
);
const script = join(root, "examples/numpy_kernel.py");

async function verify(...args: string[]) {
  const { code, stdout } = await start(args, { script: "verify" }).ended;
  return { code, lines: stdout.trimEnd().split("\n") };
}

it("numpy: right outputs pass, exclusive decay fails", { timeout: 60_000 }, async ({ skip }) => {
  if (!python) return skip("no Python with numpy is here: apt-get install python3-numpy adds it");
  const [folder, right, wrong] = ["problems", "right", "wrong"].map((name) => join(temporary(), name));
  const made = await verify("--export", folder, "--operator", "ssd", "--cases", "15", "--seed", "2");
  expect([made.code, made.lines[0]]).toEqual([0, `${folder}: 15 problems of ssd`]);
  const run = (file: string, out: string) => spawnSync(python, [file, folder, out], { encoding: "utf8" });
  expect(run(script, right)).toMatchObject({ status: 0, stderr: "" });
  const judged = await verify("--outputs", right);
  expect([judged.code, judged.lines.at(-1)]).toEqual([0, "15 passed, 0 failed, 0 skipped"]);

  // a_s ... a_(t-1) in place of a_(s+1) ... a_t
  const text = readFileSync(script, "utf8");
  const planted = text.replace("np.exp(logA[:, t])", "np.exp(logA[:, max(t - 1, 0)])");
  expect(planted).not.toBe(text);
  const file = join(temporary(), "exclusive.py");
  writeFileSync(file, planted);
  expect(run(file, wrong)).toMatchObject({ status: 0, stderr: "" });
  const rejected = await verify("--outputs", wrong);
  expect(rejected.code).toBe(1);
  expect(rejected.lines.find((line) => line.startsWith("fail"))).toMatch(
    /^fail ssd-2-\d+ (Y|finalState)\[batch=\d.*\]: got .* wanted .* bound/,
  );
});
