/** Rules of what stands where. Each returns one sentence for each violation. */
import { basename, dirname } from "node:path";
import type { Tree } from "./tree.js";

/** Folders below impls that are no operators. */
const SHARED: Readonly<Record<string, string>> = {
  "impls/blocks": "what whole blocks share",
  "impls/engines": "where things run",
  "impls/recurrence": "what ssd and selective_scan share",
  "impls/learning": "models that learn: what stands around trained blocks",
  "impls/languages": "files of a user that are no TypeScript",
  "impls/peers": "libraries to compare with, whatever the operator",
  "impls/training": "blocks of a model, forward and back, as a trainer holds them",
};

export interface Names {
  readonly forms: readonly string[];
  readonly engines: readonly string[];
}

/** `ls impls/ssd` is the support matrix: nothing else stands beside the forms. */
export function operatorFolders({ files }: Tree, { forms, engines }: Names): string[] {
  const below = files.filter((file) => /^impls\/[^/]+\//.test(file));
  const folders = [...new Set(below.map((file) => file.split("/").slice(0, 2).join("/")))];
  return folders.flatMap((folder) => {
    if (folder in SHARED) return [];
    if (!files.includes(`${folder}/operator.ts`))
      return [`${folder} holds no operator.ts and is no known folder`];
    const parts = below
      .filter((file) => file.startsWith(`${folder}/`))
      .map((file) => file.split("/").slice(2));
    const missing = ["README.md", "reference.ts", "index.ts"]
      .filter((name) => !files.includes(`${folder}/${name}`))
      .map((name) => `${folder} lacks ${name}`);
    const strange = parts
      .filter(([name, ...inside]) =>
        inside.length > 0 ? !isPart(name, engines) : !isOwn(name, { forms, engines }),
      )
      .map(
        (path) =>
          `${folder}/${path.join("/")}: neither README, operator, reference, index, form.engine nor an engine's`,
      );
    return [...missing, ...strange];
  });
}

const isPart = (name: string, engines: readonly string[]) => name === "reference" || engines.includes(name);

function isOwn(name: string, { forms, engines }: Names): boolean {
  if (["README.md", "operator.ts", "reference.ts", "index.ts"].includes(name)) return true;
  const [form, engine, ...rest] = name.split(".");
  return forms.includes(form) && engines.includes(engine) && rest.join(".") === "ts";
}

const MOST = 16;
const CODE = /\.(ts|mjs|py|wgsl|cu|c|h|css|html)$/;

/** A list that grows by design, one file an entry: forms of an operator, suites, mutants, laws. */
function isEntry(file: string, { forms, engines }: Names): boolean {
  const folder = dirname(file);
  if (["suites", "suites/mutants", "suites/laws"].includes(folder)) return true;
  return /^impls\/[^/]+$/.test(folder) && isOwn(basename(file), { forms, engines });
}

export function crowdedFolders({ files }: Tree, names: Names): string[] {
  const count = new Map<string, number>();
  for (const file of files)
    if (CODE.test(file) && !/^(test|examples)\//.test(file) && !isEntry(file, names))
      count.set(dirname(file), (count.get(dirname(file)) ?? 0) + 1);
  return [...count]
    .filter(([, beside]) => beside > MOST)
    .map(
      ([folder, beside]) =>
        `${folder} holds ${beside} files beside each other, at most ${MOST} are read as one`,
    );
}

/** Tests that are about no single source. */
export const ABOUT_THE_WHOLE: Readonly<Record<string, string>> = {
  "test/architecture.test.ts": "arrows and places of the whole tree",
  "test/conformance.test.ts": "every implementation at once",
  "test/lines.test.ts": "every file that people write",
  "test/readme.test.ts": "the README",
};

/** `test/a/b/name[.aspect].test.ts` is about `a/b/name.ts` or the folder `a/b/name/`. */
export function strayTests({ files }: Tree): string[] {
  const stems = new Set(
    files.flatMap((file) => [file.replace(/(\.as)?\.(ts|mjs|py)$/, ""), ...foldersOf(file)]),
  );
  const tests = files.filter((file) => /^test\/.*\.test\.ts$/.test(file));
  const gone = Object.keys(ABOUT_THE_WHOLE).filter((file) => !tests.includes(file));
  return [
    ...gone.map((file) => `${file} is listed as about the whole tree and is not there`),
    ...tests
      .filter((file) => !(file in ABOUT_THE_WHOLE) && !subjects(file).some((stem) => stems.has(stem)))
      .map((file) => `${file} mirrors no source: none is called ${subjects(file).join(" or ")}`),
  ];
}

function subjects(test: string): string[] {
  const path = test.slice("test/".length, -".test.ts".length);
  const aspect = path.lastIndexOf(".");
  return aspect > path.lastIndexOf("/") ? [path, path.slice(0, aspect)] : [path];
}

function foldersOf(file: string): string[] {
  const parts = file.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}
