/** Where libraries of the CUDA toolkit lie beside the loader's own places: the toolkit, Python's packages. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** @param part of Python's packages, e.g. cuda_nvrtc */
export function foldersOf(part: string): string[] {
  return [...toolkitFolders(), ...pythonFolders(part)];
}

export function toolkitFolders(): string[] {
  const home = process.env.CUDA_HOME ?? process.env.CUDA_PATH;
  return [...(home ? [join(home, "lib64")] : []), "/usr/local/cuda/lib64", "/opt/cuda/lib64"];
}

/** `nvidia/cu13/lib` and, e.g., `nvidia/cuda_nvrtc/lib` beside the packages of the usual Pythons. */
export function pythonFolders(part: string): string[] {
  const roots = [process.env.VIRTUAL_ENV, "/opt/torch/.venv", "/usr/local", "/usr"].flatMap((root) =>
    root ? [join(root, "lib")] : [],
  );
  const sites = roots.flatMap((lib) =>
    namesIn(lib)
      .filter((name) => /^python3/.test(name))
      .flatMap((name) => [join(lib, name, "site-packages"), join(lib, name, "dist-packages")]),
  );
  return sites.flatMap((site) => ["cu13", part].map((one) => join(site, "nvidia", one, "lib")));
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort().reverse() : [];
}

export function librariesIn(folder: string, name: RegExp): string[] {
  return namesIn(folder)
    .filter((file) => name.test(file))
    .map((file) => join(folder, file));
}
