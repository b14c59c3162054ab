/** The arrows of the house: impls <- suites <- scripts, reports <- suites and scripts. Nothing else may be imported. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".as.ts"));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const statics = [...text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+"([^"]+)"/gms)];
  const effects = [...text.matchAll(/^import\s+"([^"]+)"/gm)];
  const dynamics = [...text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g)];
  return [
    ...statics.map(([, type, specifier]) => ({ file, specifier, typeOnly: type !== undefined })),
    ...[...effects, ...dynamics].map(([, specifier]) => ({ file, specifier, typeOnly: false })),
  ];
}

/** Top folder that a relative import leads to, or the package's name. */
function target({ file, specifier }: Import): string {
  if (!specifier.startsWith(".")) return specifier;
  return relative(root, resolve(root, dirname(file), specifier)).split("/")[0];
}

const mayImport: Record<string, string[]> = {
  impls: ["impls"],
  suites: ["suites", "impls", "reports"],
  reports: ["reports"],
  scripts: ["scripts", "suites", "impls", "reports"],
};

describe("architecture", () => {
  for (const [folder, allowed] of Object.entries(mayImport)) {
    it(`${folder} imports from ${allowed.join(", ")} only`, () => {
      const files = sources(folder);
      expect(files.length).toBeGreaterThan(0);
      const wrong = files
        .flatMap(importsOf)
        .filter((found) => found.specifier.startsWith(".") && !allowed.includes(target(found)));
      expect(wrong).toEqual([]);
    });
  }

  it("impls knows neither tinybench nor fast-check", () => {
    const wrong = sources("impls")
      .flatMap(importsOf)
      .filter(({ specifier }) => ["tinybench", "fast-check"].includes(specifier));
    expect(wrong).toEqual([]);
  });

  it("operator folders import no package, no node: module and no engine but as a type", () => {
    const operatorFile = /^impls\/(?!engines\/)[a-z_0-9]+\//;
    const wrong = sources("impls")
      .filter((file) => operatorFile.test(file))
      .flatMap(importsOf)
      .filter((found) => !found.typeOnly)
      .filter((found) => !found.specifier.startsWith(".") || found.specifier.includes("/engines/"));
    expect(wrong).toEqual([]);
  });

  it("operator folders touch no clock, random generator, console or environment", () => {
    const banned = /performance\.now|Date\.now|new Date|hrtime|Math\.random|console\.|\bprocess\.[a-z]/;
    const wrong = sources("impls")
      .filter((file) => !file.startsWith("impls/engines/"))
      .filter((file) => banned.test(readFileSync(join(root, file), "utf8")));
    expect(wrong).toEqual([]);
  });

  it("finds a forbidden arrow when there is one", () => {
    const planted: Import = {
      file: "impls/ssd/operator.ts",
      specifier: "../../suites/suite.js",
      typeOnly: false,
    };
    expect(mayImport.impls).not.toContain(target(planted));
  });
});
