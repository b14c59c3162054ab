/** Files that a source in Python or C takes in by name and that lie beside it: they are part of what a kernel is. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Paths, each of a file that is there. Modules and headers of a system lie elsewhere and are not among them. */
export function neighboursOf(path: string, text: string): string[] {
  const folder = dirname(path);
  return named(path, text)
    .map((name) => join(folder, name))
    .filter((file) => file !== path && existsSync(file));
}

function named(path: string, text: string): string[] {
  if (/\.(c|h|cu|cuh)$/.test(path))
    return [...text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"/gm)].map(([, name]) => name);
  if (!path.endsWith(".py")) return [];
  const imports = [...text.matchAll(/^[ \t]*import[ \t]+([^#\n]+)/gm)].flatMap(([, list]) =>
    list.split(",").map((one) => one.trim().split(/\s+/)[0]),
  );
  const from = [...text.matchAll(/^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+([^#\n]+)/gm)].flatMap(
    ([, module, list]) => [
      module,
      // what is imported may be a module of a folder itself
      ...list.split(",").map((one) => `${module.replace(/\.*$/, "")}.${one.trim().split(/\s+/)[0]}`),
    ],
  );
  return [...imports, ...from].flatMap((module) => {
    const name = module
      .replace(/^\.+/, "")
      .replaceAll(".", "/")
      .replace(/[^\w/]/g, "");
    return name === "" ? [] : [`${name}.py`, `${name}/__init__.py`];
  });
}
