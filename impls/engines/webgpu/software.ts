import { inBrowser } from "./gpu.js";

/**
 * A Vulkan driver for machines that have none: SwiftShader, from npm `@sparticuz/chromium` (whose browser the page tests use too).
 * Unpacked once into the user's cache. Must run before Dawn loads: the loader is preloaded and the driver named in this process
 * only, so nothing is installed and no shell needs a variable.
 */
export async function useSwiftShader(): Promise<void> {
  if (inBrowser()) return;
  const path = await import("node:path");
  const folder = await swiftShaderFolder();
  process.env.VK_ICD_FILENAMES = path.join(folder, "vk_swiftshader_icd.json");
  await preloadLoader(path.join(folder, "libvulkan.so.1"));
}

/** Where the driver and its loader lie, unpacked on first use. */
export async function swiftShaderFolder(): Promise<string> {
  const [fs, os, path, zlib, { createRequire }] = await Promise.all([
    import("node:fs"),
    import("node:os"),
    import("node:path"),
    import("node:zlib"),
    import("node:module"),
  ]);
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(
      `SwiftShader comes for Linux x64 only, this is ${process.platform} ${process.arch}: use this machine's own driver`,
    );
  const require = createRequire(import.meta.url);
  let archive: string;
  try {
    archive = path.join(
      path.dirname(require.resolve("@sparticuz/chromium")),
      "..",
      "..",
      "bin",
      "swiftshader.tar.br",
    );
  } catch {
    throw new Error("no software adapter: npm install @sparticuz/chromium@147.0.0 (it carries SwiftShader)");
  }
  const target = path.join(os.tmpdir(), `dualbench-swiftshader-147-${process.getuid?.() ?? 0}`);
  if (!fs.existsSync(path.join(target, "vk_swiftshader_icd.json"))) {
    const fresh = fs.mkdtempSync(`${target}-`);
    for (const { name, bytes } of untar(zlib.brotliDecompressSync(fs.readFileSync(archive))))
      if (/vulkan|vk_swiftshader/.test(name))
        fs.writeFileSync(path.join(fresh, path.basename(name)), bytes, { mode: 0o755 });
    try {
      fs.renameSync(fresh, target);
    } catch {
      fs.rmSync(fresh, { recursive: true, force: true }); // another process was faster
    }
  }
  return target;
}

/** Makes a Vulkan loader at `file` the one that Dawn finds. */
export async function preloadLoader(file: string): Promise<void> {
  const os = await import("node:os");
  try {
    // 0x1000 is RTLD_NODELETE: the library stays, although Node says that it "did not self-register".
    process.dlopen({ exports: {} }, file, os.constants.dlopen.RTLD_NOW | 0x1000);
  } catch (error) {
    if (!/self-register/.test((error as Error).message)) throw error;
  }
}

function* untar(bytes: Uint8Array): Generator<{ name: string; bytes: Uint8Array }> {
  const text = (at: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(at, at + length)).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    if (bytes[at + 156] === 48 || bytes[at + 156] === 0)
      yield { name: text(at, 100), bytes: bytes.subarray(at + 512, at + 512 + size) };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
