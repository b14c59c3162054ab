/** Ours and the official kernels: who stands for ours, who is official, what stands beside a curve. */
import { expect, it } from "vitest";
import { peersChart } from "../../../../reports/charts/compare/peers.js";
import { measured, syntheticRun } from "../../fixtures.js";

const LENGTHS = [512, 1024, 2048, 4096];
const curve = (name: string, nsPerToken: number, more: object = {}) =>
  LENGTHS.map((length) => measured(name, length, 64, nsPerToken * length, { device: "A card", ...more }));
const torch = { tensorOps: true, peer: true } as const;

it("sets our fastest kernel beside each official one, with the time that it takes over ours", () => {
  const rows = [
    ...curve("ssd/chunked.cuda", 10),
    ...curve("ssd/recurrent.cuda", 1000),
    ...curve("ssd/chunked.torch", 5, { ...torch, make: "compile" }),
    ...curve("ssd/chunked.torch", 30, { ...torch, make: "mamba-ssm" }),
    ...curve("ssd/chunked.torch", 20, { ...torch, make: "fla" }),
  ];
  const text = JSON.stringify(peersChart(syntheticRun(), rows));
  const drawn = new Set([...text.matchAll(/"curve":"([^"]*)"/g)].map(([, name]) => name));
  // a program of ours that a library compiles is no official kernel, and none of our own engines'
  expect([...drawn].sort()).toEqual(["Ours", "fla (torch)", "mamba-ssm (torch)"]);
  const times = [...text.matchAll(/(\d\.\d+)x our time/g)].map(([, ratio]) => Math.round(Number(ratio)));
  expect([...new Set(times)].sort()).toEqual([2, 3]);
  expect(text).not.toContain("recurrent");
});

it("is absent without either", () => {
  const [ours, theirs] = [
    curve("ssd/chunked.cuda", 10),
    curve("ssd/chunked.torch", 30, { ...torch, make: "fla" }),
  ];
  for (const rows of [ours, theirs]) expect(peersChart(syntheticRun(), rows)).toBeUndefined();
});
