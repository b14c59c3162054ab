/** WebAssembly kernels for the page: compiled when it is built, one file a kernel and level of SIMD, named as on disk. */
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "vite";
import { cacheFolder, KERNEL_ADDRESS, kernelFile } from "../../impls/engines/wasm/build.js";
import type { Simd } from "../../impls/engines/wasm/simd.js";

const FOLDER = "kernels";

/** Puts what the engine in a page looks for (wasm/place/page.ts) in place of the sources' addresses: name, and hash of each level. */
export function pageKernels(levels: readonly Simd[]): Plugin {
  let isServed = false;
  return {
    name: "page-kernels",
    enforce: "pre",
    configResolved({ command }) {
      isServed = command === "serve";
    },
    async transform(code, id) {
      if (!id.endsWith(".ts")) return null;
      const addresses = new Map<string, string>();
      for (const [, name] of code.matchAll(KERNEL_ADDRESS)) {
        if (addresses.has(name)) continue;
        const source = pathToFileURL(join(dirname(id), name));
        const kernels = await Promise.all(
          levels.map(async (simd) => ({ simd, ...(await kernelFile(source, simd)) })),
        );
        if (!isServed)
          for (const { file } of kernels)
            this.emitFile({
              type: "asset",
              fileName: `${FOLDER}/${basename(file)}`,
              source: await readFile(file),
            });
        const hashes = kernels.map(({ simd, hash }) => `${simd}=${hash}`).join("&");
        addresses.set(name, `${kernels[0].name}?${hashes}`);
      }
      if (addresses.size === 0) return null;
      // chunks lie in a folder beside the kernels' one
      const [from, base] = isServed ? [`/${FOLDER}/`, "location.href"] : [`../${FOLDER}/`, "import.meta.url"];
      const text = (name: string) =>
        `new URL(/* @vite-ignore */ ${JSON.stringify(from + addresses.get(name))}, ${base})`;
      return { code: code.replace(KERNEL_ADDRESS, (_, name: string) => text(name)), map: null };
    },
    configureServer({ middlewares }) {
      middlewares.use(`/${FOLDER}/`, async (request, answer, next) => {
        const bytes = await readFile(join(cacheFolder, basename(request.url ?? ""))).catch(() => undefined);
        if (!bytes) return next();
        answer.setHeader("content-type", "application/wasm");
        answer.end(bytes);
      });
    },
  };
}
