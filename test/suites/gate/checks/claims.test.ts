import { describe, expect, it } from "vitest";
import { ssd } from "../../../../impls/ssd/operator.js";
import type { GateCase } from "../../../../suites/gate/cases.js";
import { claimChecks, companionsOf, isClaimed, readClaims } from "../../../../suites/gate/checks/claims.js";
import { costChecks } from "../../../../suites/gate/checks/cost.js";
import { growthChecks, type TimedCase } from "../../../../suites/gate/checks/growth.js";
import { kernelSources, sizeVerdicts } from "../../../../suites/gate/checks/size.js";
import { GRIDS, gridProblem } from "../../../../suites/grids.js";
import { root } from "../../../scripts/cli.js";

const claims = readClaims(`${root}/reports/baselines/claims.json`);

function timed(
  name: string,
  size: { length: number; state: number },
  ns: { base: number; head: number },
): TimedCase {
  const problem = gridProblem(ssd, GRIDS.quick, { ...size, dtype: "f32", seed: 0 });
  const gated: GateCase = {
    id: `${name} length=${size.length} state=${size.state}`,
    name,
    suites: ["sequence-length", "state-size"],
    operator: ssd,
    problem,
    problemKey: "",
    target: { engine: "wasm", device: undefined, deviceKey: undefined },
    rank: 0,
    base: { impl: 0, options: {} },
    head: { impl: 0, options: {} },
    judged: true,
  };
  const around = (v: number) => [0.99 * v, v, 1.01 * v];
  return { gated, times: { base: around(ns.base), head: around(ns.head) } };
}

describe("cost", () => {
  const entry = (dispatches: number) => [
    { name: "ssd/x", costs: [null, { dispatches, bytes: 8, flops: 4 }] },
  ];

  it("fails on one dispatch more and names it", () => {
    expect(costChecks({ base: entry(1), head: entry(2) }, ["small", "large"])).toEqual([
      { name: "cost", what: "ssd/x", status: "fail", detail: "large: dispatches 1 -> 2" },
    ]);
    expect(costChecks({ base: entry(2), head: entry(1) }, ["small", "large"])[0].status).toBe("pass");
  });

  it("has nothing to say about what is new or counts nothing", () => {
    expect(costChecks({ base: [], head: entry(1) }, ["small", "large"])).toEqual([]);
    expect(costChecks({ base: entry(1), head: [{ name: "ssd/x", costs: [null, null] }] }, [])).toEqual([]);
  });
});

describe("size", () => {
  it("fails beyond 5% and half a kilobyte", () => {
    const sizes = (bytes: number) => new Map([["kernel.wasm", bytes]]);
    const status = (bytes: number) => sizeVerdicts({ base: sizes(20000), head: sizes(bytes) })[0].status;
    expect([status(20000), status(21512), status(21513)]).toEqual(["pass", "pass", "fail"]);
  });

  it("finds every kernel that a module names", () => {
    const names = kernelSources(root).map(({ pathname }) => pathname.split("/impls/")[1]);
    expect(names).toContain("ssd/wasm/chunked.as.ts");
    expect(names).toContain("engines/wasm/random.as.ts");
    expect(names).not.toContain("ssd/wasm/layout.as.ts");
  });
});

describe("growth", () => {
  const lengths = [512, 1024, 2048, 4096];
  const curve = (name: string, base: number, head: number) =>
    growthChecks(
      lengths.map((length) =>
        timed(name, { length, state: 64 }, { base: 1000 * length ** base, head: 1000 * length ** head }),
      ),
    ).find(({ what }) => what === `${name} over length`);

  it("holds linear forms to 1 and quadratic ones to 2", () => {
    expect(curve("ssd/chunked.wasm", 1, 1)?.status).toBe("pass");
    expect(curve("ssd/chunked.wasm", 1, 1.5)?.status).toBe("fail");
    expect(curve("ssd/quadratic.wasm", 1.9, 2.05)?.status).toBe("pass");
    expect(curve("ssd/quadratic.wasm", 2, 2.6)?.status).toBe("fail");
  });

  it("does not blame a change for what the base does as well", () => {
    expect(curve("ssd/chunked.wasm", 1.5, 1.5)?.status).toBe("known");
    // noise that bends both arms: intervals overlap
    expect(curve("ssd/chunked.wasm", 1.24, 1.27)?.status).not.toBe("fail");
  });

  it("holds the scan to N, and needs three sizes", () => {
    const states = [16, 32, 64];
    const over = (power: number, sizes: number[]) =>
      growthChecks(
        sizes.map((state) =>
          timed(
            "selective_scan/scan.tfjs",
            { length: 4096, state },
            { base: state * 1e4, head: 1e4 * state ** power },
          ),
        ),
      ).filter(({ what }) => what.endsWith("over state"));
    expect(over(1, states)[0].status).toBe("pass");
    expect(over(2, states)[0].status).toBe("fail");
    expect(over(2, [16, 32])).toEqual([]);
  });
});

describe("claims", () => {
  const at = { length: 4096, state: 64 };
  const ratio = (base: number, head: number) =>
    claimChecks(claims, [
      timed("ssd/chunked.wasm", at, { base: 1e6, head: 1e6 }),
      timed("selective_scan/recurrent.wasm", at, { base: base * 1e6, head: head * 1e6 }),
    ]).map(({ status }) => status);

  it("hold, fail, or were not kept before either", () => {
    expect(ratio(4, 4)).toEqual(["pass"]);
    expect(ratio(4, 1.2)).toEqual(["fail"]);
    expect(ratio(1.2, 1.2)).toEqual(["known"]);
    // within the spread of the medians nothing is certain
    expect(ratio(4, 1.97)).toEqual(["pass"]);
  });

  it("look at every length from the crossover on", () => {
    const attention = (length: number, head: number) => [
      timed("ssd/chunked.wasm", { length, state: 64 }, { base: 1e6, head: 1e6 }),
      timed("attention/tiled.wasm", { length, state: 64 }, { base: 3e6, head }),
    ];
    const checks = claimChecks(claims, [
      ...attention(1024, 5e5),
      ...attention(2048, 3e6),
      ...attention(4096, 5e5),
    ]);
    expect(checks.map(({ status, detail }) => [status, /length \d+/.exec(detail)?.[0]])).toEqual([
      ["pass", "length 2048"],
      ["fail", "length 4096"],
    ]);
  });

  it("name whom they need beside a touched implementation", () => {
    expect([...companionsOf(claims, new Set(["ssd/chunked.wasm"]))].sort()).toEqual([
      "attention/tiled.wasm",
      "selective_scan/recurrent.wasm",
    ]);
    expect(isClaimed(claims, timed("selective_scan/recurrent.wasm", at, { base: 1, head: 1 }).gated)).toBe(
      true,
    );
    const small = { length: 512, state: 64 };
    expect(isClaimed(claims, timed("selective_scan/recurrent.wasm", small, { base: 1, head: 1 }).gated)).toBe(
      false,
    );
  });
});
