import { expect, it } from "vitest";
import { differencesOf, machineKind, namesOf } from "../../../reports/rows/machine.js";

interface More {
  readonly quota?: number;
  readonly gpus?: string[];
  readonly host?: string;
  readonly node?: string;
  readonly flags?: string;
}

const machine = (model: string, cores: number, { quota, gpus = [], host, node, flags }: More = {}) => ({
  cpu: { model, cores, quotaCores: quota ?? null, flags: flags ?? null },
  os: { platform: "linux", arch: "x64", ...(host ? { host } : {}) },
  ...(node ? { node: { version: node } } : {}),
  gpus: gpus.map((gpu) => ({ model: gpu })),
});

it("names CPU, cores, quota, system and GPUs", () => {
  const words = machineKind(machine("A", 16, { quota: 2, gpus: ["G1", "G2"] }));
  expect(words).toBe("A, 16 cores (quota 2), linux x64, G1, G2");
  expect(machineKind({ cpu: "A" })).toBe("an unknown machine");
});

const told = machine("A", 16, { gpus: ["G1"], host: "h1", node: "v20.1.0", flags: "avx2 fma" });

it.each<[string, unknown, boolean]>([
  ["itself", told, true],
  [
    "one that told no GPU in time",
    machine("A", 16, { host: "h1", node: "v20.1.0", flags: "avx2 fma" }),
    true,
  ],
  ["one of an older version, which told less", machine("A", 16), true],
  ["another GPU", machine("A", 16, { gpus: ["G10"] }), false],
  ["a quota", machine("A", 16, { quota: 2 }), false],
  ["fewer cores", machine("A", 1), false],
  ["another host", machine("A", 16, { host: "h2" }), false],
  ["another Node", machine("A", 16, { node: "v20.1.1" }), false],
  ["other CPU flags", machine("A", 16, { flags: "avx2" }), false],
  ["a machine that told nothing", {}, false],
])("may stand in one curve with %s or not", (_, other, isOne) => {
  expect(differencesOf(told, other).length === 0).toBe(isOne);
  expect(differencesOf(other, told).length === 0).toBe(isOne);
});

it("calls environments by that in which they differ, each by another name", () => {
  const on = (more: More) => machine("A", 16, { host: "h1", node: "v20", flags: "avx2 fma", ...more });
  expect(namesOf([on({}), on({ host: "h2" })])).toEqual(["host h1", "host h2"]);
  expect(namesOf([on({}), on({ node: "v22" })])).toEqual(["Node v20", "Node v22"]);
  expect(namesOf([on({}), on({ flags: "avx2" })])).toEqual(["with fma", "fewer CPU flags"]);
  expect(new Set(namesOf([on({}), on({ flags: "avx2" }), on({ flags: "fma" }), {}])).size).toBe(4);
});
