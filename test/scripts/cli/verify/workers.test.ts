/** Processes with a share of the cases, and one that a kernel keeps from answering. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parseVerifyOptions } from "../../../../scripts/cli/verify/options.js";
import { shareCount } from "../../../../scripts/cli/verify/shares.js";
import { Workers } from "../../../../scripts/cli/verify/workers.js";
import { temporary } from "../../cli.js";

const options = (...flags: string[]) => parseVerifyOptions(flags)!;

it("ends a process that falls silent, and verifies its share with every engine apart", async () => {
  const silent = fileURLToPath(new URL("../../../fixtures/silent-verify.mjs", import.meta.url));
  const share = { cases: 7, seed: 1, shard: "2/3", file: join(temporary(), "share.json") };
  const ended = await new Workers(300, silent).verify(share, options("--engine", "cpu"));
  expect(ended).toEqual({
    code: 0,
    said: `--cases 7 --seed 1 --shard 2/3 --json ${share.file} --engine cpu`,
    result: { checks: 3, failed: 0, table: [], atlas: [], failures: [], skips: {} },
  });
});

it("shares cases that are worth another process, and nobody's own kernel", () => {
  expect(shareCount(options("--cases", "199"))).toBe(1);
  expect(shareCount(options("--cases", "100000", "--shard", "1/2"))).toBe(1);
  expect(shareCount(options("--cases", "100000", "--impl", "x.ts"))).toBe(1);
  expect(shareCount(options("--cases", "300"), 2)).toBe(2);
  expect(shareCount(options("--cases", "300"), 64)).toBe(3);
});
