/** `npm run build`: the package in dist/, the same tree as the sources: JavaScript, types, and the assets that lie beside them. */
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { KERNEL_ADDRESS, shipKernels } from "../impls/engines/wasm/build.js";
import { ASSET } from "../suites/gate/trees/transpile.js";

const FOLDERS = ["impls", "suites", "reports", "scripts"];

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
process.chdir(root);
rmSync(dist, { recursive: true, force: true });

const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
).filter((file) => !/^(reports[\\/](runs|published|baselines)|scripts[\\/]web)[\\/]/.test(file));
for (const file of files) if (ASSET.test(file)) cpSync(file, join(dist, file));
// what `dualbench new` writes
cpSync(join("examples", "kernels"), join(dist, "examples", "kernels"), { recursive: true });

// a user without TensorFlow.js still type-checks: what an optional peer exports is then `any`
for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".d.ts")) continue;
  const path = join(dist, file);
  const text = readFileSync(path, "utf8");
  const tolerant = text.replace(/^(?=.*"@tensorflow\/)/gm, "// @ts-ignore: an optional peer\n");
  if (tolerant !== text) writeFileSync(path, tolerant);
}

// every kernel that some module names, in both SIMD levels: an installed package has no compiler
const kernels = new Set<string>();
for (const file of files) {
  if (!file.endsWith(".ts") || file.endsWith(".as.ts")) continue;
  for (const [, name] of readFileSync(file, "utf8").matchAll(KERNEL_ADDRESS))
    kernels.add(pathToFileURL(join(root, dirname(file), name)).href);
}
const shipped = await shipKernels(
  [...kernels].map((href) => new URL(href)),
  join(dist, ".dualbench", "wasm"),
);

// the bin must be executable where npm links it
const bin = join(dist, "scripts", "dualbench.js");
writeFileSync(bin, readFileSync(bin), { mode: 0o755 });
process.stdout.write(`dist: ${shipped} kernels\n`);
