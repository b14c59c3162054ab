/** The numpy program makes the files that lie in test/fixtures/gated_delta; another libm may differ in the last bits. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseSafetensors } from "../../suites/vectors/safetensors.js";
import { root, temporary } from "../scripts/cli.js";

const python = [process.env.DUALBENCH_PYTHON, "python3", "/usr/bin/python3"].find(
  (name) => name && spawnSync(name, ["-c", "import numpy"]).status === 0,
);
const committed = join(root, "test/fixtures/gated_delta");

it("numpy: the golden files of gated_delta are made again", { timeout: 60_000 }, ({ skip }) => {
  if (!python) return skip("no Python with numpy is here: apt-get install python3-numpy adds it");
  const folder = join(temporary(), "golden");
  const { status, stderr } = spawnSync(python, [join(root, "examples/gated_delta_golden.py"), folder], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const files = readdirSync(folder).sort();
  expect(files).toEqual(readdirSync(committed).sort());
  for (const file of files) {
    const [made, known] = [folder, committed].map((at) => parseSafetensors(readFileSync(join(at, file))));
    expect([...made.tensors.keys()]).toEqual([...known.tensors.keys()]);
    for (const [name, { data }] of known.tensors) {
      const other = made.tensors.get(name)!.data;
      const apart = data.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i])), 0);
      expect(apart, `${file} ${name}`).toBeLessThan(1e-12);
    }
  }
});
