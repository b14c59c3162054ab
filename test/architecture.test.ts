/** The arrows and places of the house (CONTRIBUTING.md). Rules stand in architecture/; what they must find in a planted tree, below. */
import { rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { engines } from "../impls/engines/index.js";
import { FORMS } from "../impls/implementation.js";
import {
  brokenArrows,
  circles,
  forbiddenArrows,
  foreignAssets,
  operatorEffects,
  operatorImports,
  testToolsBelowImpls,
  unnamedAssets,
} from "./architecture/arrows.js";
import { crowdedFolders, operatorFolders, strayTests } from "./architecture/places.js";
import { plantTree } from "./architecture/planted.js";
import { readTree, type Tree } from "./architecture/tree.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const FOLDERS = ["impls", "suites", "reports", "scripts", "examples", "test"];

const names = { forms: FORMS, engines: engines.map(({ name }) => name) };

/** Each rule, and every violation of it that architecture/planted.ts holds. */
const rules: Readonly<Record<string, { find(tree: Tree): string[]; planted: readonly string[] }>> = {
  "impls <- suites <- scripts, reports <- suites and scripts, whatever names the file": {
    find: forbiddenArrows,
    planted: [
      "impls/bound.ts names suites/kernels/ceilings.wgsl: impls names only impls",
      "impls/lanes.ts imports suites/suite.ts: impls names only impls",
      "impls/lanes.ts imports types of reports/rows/row.ts: impls names only impls",
      "impls/random.ts imports scripts/bench.ts: impls names only impls",
      "impls/random.ts imports types of suites/suite.ts: impls names only impls",
      "impls/tensor.ts imports suites/suite.ts: impls names only impls",
      "reports/rows/row.ts imports types of suites/suite.ts: reports names only reports",
      "suites/suite.ts starts scripts/bench.ts: suites names only suites, impls, reports",
    ],
  },
  "every file that is named exists": {
    find: brokenArrows,
    planted: [
      "impls/ssd/chunked.webgpu.ts names impls/ssd/webgpu/lost.wgsl: there is no such file",
      "impls/ssd/wasm/lost-import.as.ts imports impls/ssd/wasm/lost.as.ts: there is no such file",
    ],
  },
  "every asset is named": {
    find: unnamedAssets,
    planted: [
      "no file names impls/attention/tiled.cpu.wgsl",
      "no file names impls/ssd/torch/unnamed.py",
      "no file names impls/ssd/wasm/lost-import.as.ts",
    ],
  },
  "no circles, types and AssemblyScript counted": {
    find: circles,
    planted: [
      "circle of 1: suites/plan/alone.ts",
      "circle of 2: impls/ssd/wasm/a.as.ts, impls/ssd/wasm/b.as.ts",
      "circle of 3: suites/plan/filter.ts, suites/plan/left-out.ts, suites/plan/plan.ts",
    ],
  },
  "impls knows neither tinybench nor fast-check": {
    find: testToolsBelowImpls,
    planted: ["impls/engines/cpu.ts imports tinybench: impls knows neither tinybench nor fast-check"],
  },
  "operators import no package, no node: module and no engine but as a type": {
    find: operatorImports,
    planted: [
      "impls/ssd/operator.ts imports node:fs: operators import no package and no engine but as a type",
      "impls/ssd/reference.ts imports impls/engines/cpu.ts: operators import no package and no engine but as a type",
    ],
  },
  "operators name no asset of another operator": {
    find: foreignAssets,
    planted: [
      "impls/ssd/chunked.webgpu.ts names impls/attention/webgpu/tiled.wgsl: that asset is another operator's",
    ],
  },
  "operators touch no clock, chance, console or environment": {
    find: operatorEffects,
    planted: ["Date", "Math.random"]
      .map((name) => `impls/ssd/reference.ts uses ${name}`)
      .concat("impls/ssd/torch/chunked.py uses time")
      .map((said) => `${said}: operators touch no clock, chance, console or environment`),
  },
  "an operator's folder is its support matrix": {
    find: (tree) => operatorFolders(tree, names),
    planted: [
      "impls/attention lacks README.md",
      ...["chunky.cpu.ts", "helpers/tiles.ts", "tiled.cpu.wgsl", "tiled.metal.ts"].map(
        (file) =>
          `impls/attention/${file}: neither README, operator, reference, index, form.engine nor an engine's`,
      ),
      "impls/helpers holds no operator.ts and is no known folder",
    ],
  },
  "no folder is crowded": {
    find: (tree) => crowdedFolders(tree, names),
    planted: ["reports/charts holds 17 files beside each other, at most 16 are read as one"],
  },
  "every test mirrors a source": {
    find: strayTests,
    planted: [
      "test/conformance.test.ts is listed as about the whole tree and is not there",
      "test/lines.test.ts is listed as about the whole tree and is not there",
      "test/readme.test.ts is listed as about the whole tree and is not there",
      "test/suites/runner/plan.test.ts mirrors no source: none is called suites/runner/plan",
      "test/suites/suite.one.two.test.ts mirrors no source: none is called suites/suite.one.two or suites/suite.one",
    ],
  },
};

const tree = readTree(root, FOLDERS);
const top = plantTree();
afterAll(() => rmSync(top, { recursive: true }));
const planted = readTree(top, FOLDERS);

describe.each(Object.entries(rules))("%s", (_name, rule) => {
  it("holds", () => expect(rule.find(tree)).toEqual([]));
  it("is seen to be broken", () => expect(rule.find(planted).sort()).toEqual([...rule.planted].sort()));
});

it("reads what is there: a reader that finds nothing breaks no rule", () => {
  const count = (kind: string, from: RegExp) =>
    tree.arrows.filter((arrow) => arrow.kind === kind && arrow.local && from.test(arrow.from)).length;
  for (const folder of FOLDERS.slice(0, 4))
    expect(tree.files.filter((file) => file.startsWith(`${folder}/`)).length, folder).toBeGreaterThan(30);
  // about half of what each was when this was written: moves and merges change them, a blind reader brings them to nothing
  expect(count("import", /^(impls|suites|reports|scripts)\/.*(?<!\.as)\.ts$/)).toBeGreaterThan(500);
  expect(count("type", /^(impls|suites|reports|scripts)\//)).toBeGreaterThan(200);
  expect(count("import", /\.as\.ts$/)).toBeGreaterThan(25);
  expect(count("import", /\.py$/)).toBeGreaterThan(4);
  expect(count("asset", /\.webgpu\.ts$|\/webgpu\//)).toBeGreaterThan(15);
  expect(count("asset", /\.(wasm|torch)\.ts$/)).toBeGreaterThan(6);
  expect(count("process", /^(suites|scripts)\//)).toBeGreaterThan(0);
  expect(tree.effects.filter(({ file }) => file.startsWith("impls/engines/")).length).toBeGreaterThan(10);
  expect(names.forms.length).toBeGreaterThan(5);
});
