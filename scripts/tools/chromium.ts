/** Headless Chromium from npm, with SwiftShader beside it: a page with WebGPU on a machine that has neither browser nor driver. */
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, extname, join, normalize } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { unpackOnce } from "../../impls/engines/webgpu/device/unpack.js";

const FLAGS = [
  "--no-sandbox",
  "--no-zygote",
  "--headless=shell",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=WebGPU,Vulkan",
  "--use-vulkan=swiftshader",
];

/** @throws where the package is missing: a test that needs a browser fails without one */
export async function launchChromium(): Promise<Browser> {
  const main = createRequire(import.meta.url).resolve("@sparticuz/chromium");
  const bin = join(dirname(main), "..", "..", "bin");
  // beside the browser: the libraries that a bare Debian lacks, and the driver
  const archives = ["chromium.br", "al2023.tar.br", "swiftshader.tar.br"].map((name) => join(bin, name));
  const folder = unpackOnce("chromium-147", archives);
  return chromium.launch({
    executablePath: join(folder, "chromium"),
    args: FLAGS,
    ignoreDefaultArgs: ["--disable-gpu"],
    env: { ...process.env, LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: "" },
  });
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wgsl": "text/plain",
  ".wasm": "application/wasm",
};

/**
 * Serves a folder on this machine only.
 * @param headers beside the type, of every file
 */
export async function serve(
  folder: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, answer) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = join(folder, path === "/" ? "index.html" : path);
    if (!existsSync(file)) {
      answer.writeHead(404).end();
      return;
    }
    answer.writeHead(200, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      ...headers,
    });
    createReadStream(file).pipe(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
