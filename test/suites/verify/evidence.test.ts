import { expect, it } from "vitest";
import { recurrentCpu } from "../../../impls/ssd/recurrent.cpu.js";
import { cameFrom } from "../../../suites/processes/origin.js";
import { allSkips } from "../../../suites/verify/evidence.js";
import { cpuTarget } from "../targets.js";

it("tells whose kernel did not take a problem: one of a user's file by its make", () => {
  const theirs = cameFrom({ ...recurrentCpu }, { file: "mine.ts", exported: "mine", fallbackMake: "mine" });
  const skips = new Map([["takes no D", 2]]);
  const evidence = new Map([recurrentCpu, theirs].map((impl) => [cpuTarget(impl), { checks: 0, skips }]));
  expect([...allSkips(evidence)]).toEqual([
    ["ssd/recurrent.cpu: takes no D", 2],
    ["ssd/recurrent.cpu make=mine: takes no D", 2],
  ]);
});
