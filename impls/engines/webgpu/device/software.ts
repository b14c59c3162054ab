import { builtin, inBrowser } from "../../platform.js";
import { unpackOnce } from "./unpack.js";

/**
 * A Vulkan driver for machines that have none: SwiftShader, from npm `@sparticuz/chromium` (whose browser the page tests use too).
 * Unpacked once into the user's temporary directory. Must run before Dawn loads: the loader is preloaded and the driver named in
 * this process only, so nothing is installed and no shell needs a variable.
 */
export function useSwiftShader(): void {
  if (inBrowser()) return;
  const { join } = builtin("node:path");
  const folder = swiftShaderFolder();
  process.env.VK_ICD_FILENAMES = join(folder, "vk_swiftshader_icd.json");
  preloadLoader(join(folder, "libvulkan.so.1"));
}

/** Where the driver and its loader lie, unpacked on first use. */
export function swiftShaderFolder(): string {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(
      `SwiftShader comes for Linux x64 only, this is ${process.platform} ${process.arch}: use this machine's own driver`,
    );
  const { dirname, join } = builtin("node:path");
  const { createRequire } = builtin("node:module");
  let main: string;
  try {
    main = createRequire(import.meta.url).resolve("@sparticuz/chromium");
  } catch {
    throw new Error("no software adapter: npm install @sparticuz/chromium@147.0.0 (it carries SwiftShader)");
  }
  const archive = join(dirname(main), "..", "..", "bin", "swiftshader.tar.br");
  return unpackOnce("swiftshader-147", [archive], (file) => /vulkan|vk_swiftshader/.test(file));
}

/** Makes a Vulkan loader at `file` the one that Dawn finds. */
export function preloadLoader(file: string): void {
  const { constants } = builtin("node:os");
  try {
    // 0x1000 is RTLD_NODELETE: the library stays, although Node says that it "did not self-register".
    process.dlopen({ exports: {} }, file, constants.dlopen.RTLD_NOW | 0x1000);
  } catch (error) {
    if (!/self-register/.test((error as Error).message)) throw error;
  }
}
