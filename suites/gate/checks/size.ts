/** Bytes of compiled kernels, and of what a page loads of impls/, head against base. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Check } from "../../../reports/gate/verdict.js";
import { oneLine } from "../../processes/one-line.js";
import type { Sides } from "../lab.js";

/** A few instructions more are no regression. */
const SLACK = { share: 0.05, bytes: 512 };

/** Kernel sources that some module names, as URLs. */
export function kernelSources(tree: string): URL[] {
  const found = new Set<string>();
  for (const file of readdirSync(join(tree, "impls"), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || file.endsWith(".as.ts")) continue;
    const text = readFileSync(join(tree, "impls", file), "utf8");
    for (const [, name] of text.matchAll(/(?<!`)new URL\("([^"]+\.as\.ts)", import\.meta\.url\)/g))
      found.add(pathToFileURL(join(tree, "impls", dirname(file), name)).href);
  }
  return [...found].sort().map((href) => new URL(href));
}

export async function sizeChecks(trees: Sides<string>): Promise<Check[]> {
  return [
    ...(await compared("compiled kernels", trees, kernelBytes)),
    ...(await compared("page bundle", trees, pageBytes)),
  ];
}

async function compared(
  what: string,
  trees: Sides<string>,
  sizes: (tree: string) => Promise<Map<string, number>>,
): Promise<Check[]> {
  try {
    return sizeVerdicts({ base: await sizes(trees.base), head: await sizes(trees.head) });
  } catch (error) {
    return [{ name: "size", what, status: "skipped", detail: `could not be measured: ${oneLine(error)}` }];
  }
}

/** A check for everything that both have. */
export function sizeVerdicts({ base, head }: Sides<ReadonlyMap<string, number>>): Check[] {
  return [...head].flatMap(([what, bytes]): Check[] => {
    const was = base.get(what);
    if (was === undefined) return [];
    const fail = bytes > was * (1 + SLACK.share) + SLACK.bytes;
    return [{ name: "size", what, status: fail ? "fail" : "pass", detail: `${was} -> ${bytes} bytes` }];
  });
}

interface Build {
  loadKernel(source: URL): Promise<{ name: string; simd: string; hash: string }>;
}

/** By the tree's own compiler flags; built kernels lie where its engine looks for them. */
async function kernelBytes(tree: string): Promise<Map<string, number>> {
  const build = (await import(pathToFileURL(join(tree, "impls/engines/wasm/build.ts")).href)) as Build;
  const sizes = new Map<string, number>();
  for (const source of kernelSources(tree)) {
    const { name, simd, hash } = await build.loadKernel(source);
    const file = join(tree, ".dualbench/wasm", `${name}.${simd}.${hash}.wasm`);
    sizes.set(`${name}.${simd}.wasm`, statSync(file).size);
  }
  return sizes;
}

/** impls/ and the engines that run in a page, minified, without packages. */
async function pageBytes(tree: string): Promise<Map<string, number>> {
  const { build } = await import("vite");
  const output = await build({
    root: tree,
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: true,
      rollupOptions: {
        input: join(tree, "impls/index.ts"),
        external: /^[^./\0]/,
        preserveEntrySignatures: "strict",
      },
    },
  });
  const chunks = [output].flat().flatMap((built) => ("output" in built ? built.output : []));
  const bytes = chunks.reduce((sum, chunk) => sum + (chunk.type === "chunk" ? chunk.code.length : 0), 0);
  return new Map([["page bundle of impls/", bytes]]);
}
