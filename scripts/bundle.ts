/**
 * `npm run bundle`: dist/dualbench-linux-x64.tar.xz, which runs `bench` and `verify` on a Linux x64 machine that has a GPU driver and
 * nothing else: Node, Dawn, a Vulkan loader, the built code and its packages are inside. Needs `npm run build` first, tar and xz.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DISPATCH } from "../impls/engines/webgpu/device/hardware.js";
import { swiftShaderFolder } from "../impls/engines/webgpu/device/software.js";

const MOST_BYTES = 60 * 2 ** 20;
/** Only for sources in TypeScript. */
const LEFT_OUT = new Set(["tsx"]);

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const fail = (what: string): never => {
  process.stderr.write(`bundle: ${what}\n`);
  process.exit(2);
};
if (process.platform !== "linux" || process.arch !== "x64")
  fail("runs on Linux x64 only: it packs this machine's own Node");
const built = join(root, "dist", "scripts", "dualbench.js");
if (!existsSync(built)) fail("dist/ is missing; type npm run build");

const work = mkdtempSync(join(tmpdir(), "dualbench-bundle-"));
const folder = join(work, "dualbench");
mkdirSync(join(folder, "lib"), { recursive: true });
cpSync(join(root, "dist"), join(folder, "app"), {
  recursive: true,
  filter: (file) => !file.endsWith(".tar.xz") && !/\.d\.ts$/.test(file),
});
cpSync(join(root, "package.json"), join(folder, "app", "package.json"));
cpSync(process.execPath, join(folder, "lib", "node"));
spawnSync("strip", [join(folder, "lib", "node")]); // symbols only; without binutils the bundle is a little larger
cpSync(join(swiftShaderFolder(), "libvulkan.so.1"), join(folder, "lib", "libvulkan.so.1"));
copyPackages();
copyDispatch();
writeFileSync(join(folder, "dualbench"), LAUNCHER(), { mode: 0o755 });

const out = join(root, "dist", "dualbench-linux-x64.tar.xz");
const { status, stderr } = spawnSync("tar", ["-cJf", out, "-C", work, "dualbench"], {
  env: { ...process.env, XZ_OPT: "-3" },
  encoding: "utf8",
});
rmSync(work, { recursive: true, force: true });
if (status !== 0) fail(`tar: ${stderr}`);
const bytes = statSync(out).size;
if (bytes > MOST_BYTES) fail(`${out} has ${bytes} bytes, more than ${MOST_BYTES}`);
process.stdout.write(`${out}: ${bytes} bytes\n`);

/** Packages that the built code needs, with theirs; of Dawn and SwiftShader only what Linux x64 loads. */
function copyPackages(): void {
  const { dependencies, optionalDependencies = {} } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const wanted = [
    ...Object.keys({ ...dependencies, ...optionalDependencies }),
    "webgpu",
    "@resvg/resvg-js-linux-x64-gnu",
    "@koromix/koffi-linux-x64",
  ];
  const modules = (name: string) => join(root, "node_modules", name);
  const target = (name: string) => join(folder, "app", "node_modules", name);
  const seen = new Set<string>();
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (seen.has(name) || LEFT_OUT.has(name) || !existsSync(modules(name))) continue;
    seen.add(name);
    cpSync(modules(name), target(name), { recursive: true, filter: needed });
    wanted.push(
      ...Object.keys(
        JSON.parse(readFileSync(join(modules(name), "package.json"), "utf8")).dependencies ?? {},
      ),
    );
  }
  // SwiftShader, for a trial run without a GPU
  const browser = "@sparticuz/chromium";
  for (const file of ["package.json", "bin/swiftshader.tar.br", "build/cjs/index.cjs"])
    if (existsSync(join(modules(browser), file)))
      cpSync(join(modules(browser), file), join(target(browser), file));
}

/** What NVIDIA's driver is reached through, and what that needs in turn: a host made for computing has none of it. */
function copyDispatch(): void {
  const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/lib/x86_64-linux-gnu"];
  const needed = ["libxcb.so.1", "libXau.so.6", "libXdmcp.so.6", "libbsd.so.0", "libmd.so.0"];
  const missing = DISPATCH.filter(({ what }) => !copyLibrary(what, folders));
  for (const name of needed) copyLibrary(name, folders);
  if (missing.length > 0)
    process.stderr.write(
      `bundle: goes without ${missing.map(({ what }) => what).join(", ")}, which this machine lacks ` +
        `(Debian: ${missing.map(({ from }) => from).join(" ")})\n`,
    );
}

function copyLibrary(name: string, folders: readonly string[]): boolean {
  const from = folders.map((place) => join(place, name)).find((file) => existsSync(file));
  if (from !== undefined) cpSync(from, join(folder, "lib", "gl", name), { dereference: true });
  return from !== undefined;
}

function needed(file: string): boolean {
  if (/\.(map|md|markdown|d\.ts|d\.cts|d\.mts|tsbuildinfo|flow)$/.test(file)) return false;
  if (/[\\/]webgpu[\\/]dist[\\/](?!linux-x64)/.test(file)) return false;
  if (/[\\/]koffi[\\/](vendor|doc)$|[\\/]koffi-linux-x64[\\/]musl_x64$/.test(file)) return false;
  return !/[\\/](test|tests|docs|examples?)$/.test(file);
}

/** Only what the shell itself can do: PATH may be empty. The loader of the host wins, ours is the last resort for drivers. */
function LAUNCHER(): string {
  return `#!/bin/sh
case "$0" in */*) here=\${0%/*} ;; *) here=. ;; esac
here=$(CDPATH= cd -- "$here" && pwd)
export LD_LIBRARY_PATH="\${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/lib"
# the dispatch libraries of NVIDIA's driver, only where the host lacks one of them
for name in ${DISPATCH.map(({ what }) => what).join(" ")}; do
  found=
  for folder in /usr/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu /usr/lib64 /lib64 /usr/lib; do
    [ -e "$folder/$name" ] && found=1
  done
  [ -z "$found" ] && { export LD_LIBRARY_PATH="$LD_LIBRARY_PATH:$here/lib/gl"; break; }
done
if [ -z "$VK_DRIVER_FILES$VK_ICD_FILENAMES" ]; then
  found=
  for file in /etc/vulkan/icd.d/*.json /usr/share/vulkan/icd.d/*.json /usr/local/share/vulkan/icd.d/*.json; do
    [ -f "$file" ] && found=1
  done
  if [ -z "$found" ]; then
    # drivers that containers mount where no loader looks
    for folder in /usr/local/nvidia/share/vulkan/icd.d /usr/local/nvidia/vulkan/icd.d /usr/local/nvidia; do
      file=$folder/nvidia_icd.json
      [ -f "$file" ] && export VK_DRIVER_FILES="$file" VK_ICD_FILENAMES="$file" && break
    done
  fi
fi
exec "$here/lib/node" "$here/app/scripts/dualbench.js" "$@"
`;
}
