/** Rules of who may name whom. Each returns one sentence for each violation. */
import { ASSET } from "./references.js";
import type { Arrow, Tree } from "./tree.js";

const MAY_NAME: Readonly<Record<string, readonly string[]>> = {
  impls: ["impls"],
  suites: ["suites", "impls", "reports"],
  reports: ["reports"],
  // what `new` writes is an example
  scripts: ["scripts", "suites", "impls", "reports", "examples"],
};

/** Top folders; a file at the top itself stands for its own. */
const top = (file: string) => file.split("/")[0];

/** Imports, types, assets and processes alike: impls <- suites <- scripts, and reports <- suites, scripts. */
export function forbiddenArrows({ arrows }: Tree): string[] {
  return arrows
    .filter(({ from, to, local }) => local && MAY_NAME[top(from)] && !MAY_NAME[top(from)].includes(top(to)))
    .map((one) => `${said(one)}: ${top(one.from)} names only ${MAY_NAME[top(one.from)].join(", ")}`);
}

export function brokenArrows({ broken }: Tree): string[] {
  return broken.filter(({ from }) => MAY_NAME[top(from)]).map((one) => `${said(one)}: there is no such file`);
}

/** Assets that no file names are not shipped, not hashed and not tested. */
export function unnamedAssets({ files, arrows }: Tree): string[] {
  const named = new Set(arrows.map(({ to }) => to));
  return files
    .filter((file) => MAY_NAME[top(file)] && ASSET.test(file) && !file.endsWith(".html") && !named.has(file))
    .map((file) => `no file names ${file}`);
}

/** Groups of files that reach each other (Tarjan), types counted. */
export function circles({ arrows }: Tree): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, local } of arrows)
    if (local && MAY_NAME[top(from)]) next.set(from, [...(next.get(from) ?? []), to]);
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    lowest.set(file, index.get(file)!);
    open.push(file);
    for (const to of next.get(file) ?? []) {
      if (!index.has(to)) visit(to);
      // a closed group can be reached, but does not reach back
      if (open.includes(to)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(to)!));
    }
    if (lowest.get(file) !== index.get(file)) return;
    const group = open.splice(open.indexOf(file));
    if (group.length > 1 || next.get(file)?.includes(file)) found.push(group);
  };
  for (const file of next.keys()) if (!index.has(file)) visit(file);
  return found.map((group) => `circle of ${group.length}: ${group.sort().join(", ")}`);
}

export function testToolsBelowImpls({ arrows }: Tree): string[] {
  return arrows
    .filter(({ from, to }) => top(from) === "impls" && ["tinybench", "fast-check"].includes(to))
    .map((one) => `${said(one)}: impls knows neither tinybench nor fast-check`);
}

const isOperators = (file: string) => /^impls\/(?!(engines|training)\/)\w+\//.test(file);

/** Operators and what they share get their engine as an argument; training opens one. */
export function operatorImports({ arrows }: Tree): string[] {
  return arrows
    .filter(({ from, kind }) => isOperators(from) && /\.ts$/.test(from) && kind !== "type")
    .filter(({ to, local }) => !local || (/^impls\/engines\//.test(to) && !to.endsWith(".as.ts")))
    .map((one) => `${said(one)}: operators import no package and no engine but as a type`);
}

/** A kernel lies in its operator's own folder; what operators share is the engines' or recurrence's. */
/** An operator whose kernels are another one's, behind a step of its own. */
const RUNS_KERNEL_OF: Readonly<Record<string, string>> = { "impls/mamba3": "impls/ssd" };

export function foreignAssets({ arrows, files }: Tree): string[] {
  const operators = new Set(files.filter((file) => file.endsWith("/operator.ts")).map(folderOf));
  return arrows
    .filter(({ to, kind }) => (kind === "asset" || to.endsWith(".as.ts")) && operators.has(folderOf(to)))
    .filter(({ from, to }) => top(from) === "impls" && folderOf(from) !== folderOf(to))
    .filter(({ from, to }) => RUNS_KERNEL_OF[folderOf(from)] !== folderOf(to))
    .map((one) => `${said(one)}: that asset is another operator's`);
}

const folderOf = (file: string) => file.split("/").slice(0, 2).join("/");

export function operatorEffects({ effects }: Tree): string[] {
  return effects
    .filter(({ file }) => isOperators(file))
    .map(
      ({ file, name }) => `${file} uses ${name}: operators touch no clock, chance, console or environment`,
    );
}

const VERB = { import: "imports", type: "imports types of", asset: "names", process: "starts" } as const;
const said = ({ from, to, kind }: Arrow) => `${from} ${VERB[kind]} ${to}`;
