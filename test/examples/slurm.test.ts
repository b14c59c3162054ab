/** A run cut into parts and merged: the Slurm scripts under a stub of sbatch, the workflow by its commands. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readRows } from "../../reports/rows/store.js";
import { commandOf, root, start, temporary } from "../scripts/cli.js";

/** Runs every task of an array where it is submitted, one after the other, and says that it is no Slurm. */
const SBATCH = `#!/usr/bin/env bash
set -euo pipefail
echo "a stub of sbatch: runs its script at once" >&2
count=0
for word in "$@"; do case $word in --array=1-*) count=\${word#--array=1-} ;; esac; done
if [ "$count" = 0 ]; then bash "\${@: -1}" >&2; echo 8; exit; fi
for task in $(seq "$count"); do
  SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=$count bash "\${@: -1}" >&2
done
echo "7;cluster"
`;

const posix = process.platform !== "win32";
if (!posix) console.log("the Slurm example is not run: it is for bash");

it.runIf(posix)("Slurm: the parts of an array make one report", { timeout: 240_000 }, () => {
  const folder = temporary();
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "sbatch"), SBATCH, { mode: 0o755 });
  const { status, stderr } = spawnSync(
    "bash",
    [join(root, "examples/slurm/submit.sh"), "2", "--partition=any"],
    {
      cwd: folder,
      encoding: "utf8",
      env: {
        ...process.env,
        PATH: `${join(folder, "bin")}:${process.env.PATH}`,
        DUALBENCH: [process.execPath, ...commandOf("dualbench")].join(" "),
        DUALBENCH_FLAGS: "--grid quick --suite sequence-length --engine cpu --filter ssd/recurrent",
        DUALBENCH_OUT: join(folder, "out"),
      },
    },
  );
  expect(stderr.match(/a stub of sbatch/g)).toHaveLength(2);
  expect(status, stderr).toBe(0);
  expect(readdirSync(join(folder, "out")).sort()).toEqual(["1", "2", "merged"]);
  const parts = ["1", "2"].map((part) => readRows(join(folder, "out", part)).map(({ id }) => id));
  for (const ids of parts) expect(ids.length).toBeGreaterThan(0);
  const [, ...lines] = readFileSync(join(folder, "out", "merged", "results.csv"), "utf8")
    .trim()
    .split("\n");
  expect(lines.map((line) => line.split(",")[0]).sort()).toEqual(parts.flat().sort());
});

it("GitHub Actions: the parts of the matrix are the whole plan, each case once", {
  timeout: 120_000,
}, async () => {
  const text = readFileSync(join(root, "examples/workflows/sharded-bench.yml"), "utf8");
  const shards = JSON.parse(/shard: (\[.*\])/.exec(text)![1]) as number[];
  const [, command] = /run: npx dualbench (bench .*)/.exec(text)!;
  const flags = "--grid quick --engine cpu --suite state-size";
  const list = async (words: string) => {
    const { code, stdout } = await start([...words.split(" "), "--list"], { script: "dualbench" }).ended;
    expect(code).toBe(0);
    return stdout.trim().split("\n");
  };
  const [whole, ...parts] = await Promise.all([
    list(`bench ${flags}`),
    ...shards.map((shard) =>
      list(command.replace("$FLAGS", flags).replace(/\$\{\{ matrix\.shard \}\}/g, String(shard))),
    ),
  ]);
  for (const part of parts) expect(part.length).toBeGreaterThan(0);
  expect(parts.flat().sort()).toEqual(whole.sort());
});
