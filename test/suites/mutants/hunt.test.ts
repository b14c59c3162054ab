/** Mutants in processes of their own: a few of the bank by seed are killed, a harmless patch lives, a crash is no kill. */
import { afterAll, describe, expect, it } from "vitest";
import { implementations } from "../../../impls/index.js";
import { laws } from "../../../suites/laws/index.js";
import { patches } from "../../../suites/mutants/bank/index.js";
import type { Patch } from "../../../suites/mutants/bank/patch.js";
import { type Result, runCampaign } from "../../../suites/mutants/hunt/campaign.js";
import { drawnCases } from "../../../suites/mutants/hunt/cases.js";
import { rules } from "../../../suites/mutants/hunt/peers.js";
import { fateOf, killsByLaw, mutantTable, notRun, peersLines } from "../../../suites/mutants/hunt/table.js";
import { nodeHost } from "../../../suites/processes/host.node.js";
import { cpuTarget } from "../targets.js";

const seed = 34;
const FEW = 2;

const host = nodeHost();
afterAll(() => host.close());

const targets = implementations
  .map((impl, index) => cpuTarget(impl, index))
  .filter(({ impl }) => impl.engine === "cpu");
const cpuPatches = patches.filter(({ kernel }) => kernel.endsWith(".cpu"));
const drawn = Array.from({ length: FEW }, (_, i) => cpuPatches[(seed * 7 + i * 17) % cpuPatches.length]);
const [kernel, file] = ["rms_norm_gated/fused.cpu", "rms_norm_gated/fused.cpu.ts"];
const controls: readonly Patch[] = [
  {
    name: "harmless",
    bug: "only a comment",
    kernel,
    file,
    find: "// 2. the norm",
    replace: "// 2. the norm, as ever",
  },
  {
    name: "crash",
    bug: "no number comes back",
    kernel,
    file,
    find: "const channel = first % channels;",
    replace: "throw new Error('gone');",
  },
];
const elsewhere = patches.filter(({ kernel }) => kernel.endsWith(".cuda")).slice(0, 1);

describe(`mutants of the bank, seed ${seed}: ${drawn.map(({ name }) => name).join(", ")}`, () => {
  it("are killed, and controls are not", async () => {
    const results = await runCampaign({
      patches: [...drawn, ...controls, ...elsewhere],
      targets,
      whyAbsent: (engine) => `no engine ${engine} is here`,
      cases: drawnCases({ seed, problems: 16, lawCases: 1 }),
      host,
      atOnce: 2,
      done: () => {},
    });
    const fates = results.map((result) => fateOf(result));
    expect(fates).toEqual([...drawn.map(() => "killed"), "lives", "trouble", "not run"]);
    expect(results[FEW].hunted?.lives).toEqual(rules.map(() => ({ drawn: true, round: true })));
    expect(results[FEW + 1].hunted?.trouble).toMatch(/forms-agree: threw gone/);
    const lines = mutantTable(results);
    expect(lines[1]).toMatch(new RegExp(`^${drawn[0].name} +${drawn[0].file} +forms-agree`));
    expect(lines.at(-3)).toMatch(/^harmless .* NOT KILLED$/);
    expect(lines.at(-2)).toMatch(/^crash .* NOT KILLED, forms-agree: threw gone/);
    expect(lines.at(-1)).toMatch(/ not run$/);
    expect(notRun(results)).toEqual(["not run: 1 mutants of engine cuda: no engine cuda is here"]);
  });
});

describe("what a campaign prints", () => {
  const result = (name: string, killed: readonly string[], live: boolean): Result => ({
    patch: { ...controls[0], name },
    hunted: {
      kills: killed.map((law) => ({ law, nth: 1, violation: "" })),
      lives: rules.map(() => ({ drawn: live, round: true })),
    },
  });
  const results = [result("one", ["forms-agree", "scaling"], false), result("two", ["scaling"], true)];

  it("counts the kills of every law, none left out", () => {
    const kills = killsByLaw(results, laws);
    expect(kills.map(([law]) => law)).toEqual(laws.map(({ name }) => name));
    expect(kills.filter(([, count]) => count > 0)).toEqual([
      ["forms-agree", 1],
      ["scaling", 2],
    ]);
  });

  it("counts whom the rules of peers would let live", () => {
    for (const line of peersLines(results).slice(1))
      expect(line).toMatch(/: 2 live on round sizes, 1 on these problems/);
  });
});

describe("the rules of peers", () => {
  const [allclose, ratio, twice] = rules;
  const wanted = [1, -2, 100];

  it("allclose takes one percent and three thousandths of each element, and no NaN", () => {
    const accepts = (got: number[]) => allclose.accepts({ got, wanted, healthy: wanted });
    expect(accepts([1.012, -2.02, 101])).toBe(true);
    expect(accepts([1.014, -2, 100])).toBe(false);
    expect(accepts([1, -2, Number.NaN])).toBe(false);
  });

  it("the ratio takes half a percent of the whole, wherever it falls", () => {
    const accepts = (got: number[]) => ratio.accepts({ got, wanted, healthy: wanted });
    expect(accepts([1.4, -2, 100])).toBe(true);
    expect(accepts([1.6, -2, 100])).toBe(false);
    expect(accepts([Number.NaN, -2, 100])).toBe(false);
  });

  it("the other takes twice the largest error of the plain implementation", () => {
    const accepts = (got: number[]) => twice.accepts({ got, wanted, healthy: [1, -2, 100.5] });
    expect(accepts([2, -2, 99])).toBe(true);
    expect(accepts([2.1, -2, 100])).toBe(false);
    expect(accepts([Number.NaN, -2, 100])).toBe(false);
  });
});
