/** What one file names of others and touches of the world, from syntax trees: comments and texts count for nothing. */
import { parseSync } from "vite";

export type Kind = "import" | "type" | "asset" | "process";

export interface Reference {
  readonly kind: Kind;
  /** As written: relative, or the name of a package. */
  readonly specifier: string;
}

export interface Source {
  readonly references: readonly Reference[];
  /** Clocks, random generators, the console, the environment: globals by name. */
  readonly effects: readonly string[];
}

/** Files that a module names by a relative path and that are no modules of its own language. */
export const ASSET = /\.(as\.ts|wgsl|cu|c|h|py|mjs|css|html)$/;

interface Syntax {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** @throws where a file cannot be parsed: one that is not read must not look like one that names nothing */
export function readSource(file: string, text: string): Source {
  if (file.endsWith(".as.ts")) return readAssemblyScript(text);
  if (/\.m?[jt]s$/.test(file)) return readScript(file, text);
  if (file.endsWith(".py")) return readPython(text);
  if (/\.[ch]$/.test(file)) return readC(text);
  return { references: [], effects: [] };
}

function readScript(file: string, text: string): Source {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0].message}`);
  const references: Reference[] = [];
  const effects = new Set<string>();
  for (const { node, parent } of nodes(program)) {
    references.push(...referencesOf(node));
    const effect = effectOf(node, parent);
    if (effect) effects.add(effect);
  }
  return { references, effects: [...effects] };
}

function* nodes(value: unknown, parent?: Syntax): Generator<{ node: Syntax; parent: Syntax | undefined }> {
  if (Array.isArray(value)) for (const one of value) yield* nodes(one, parent);
  if (!isSyntax(value)) return;
  yield { node: value, parent };
  for (const child of Object.values(value)) yield* nodes(child, value);
}

function isSyntax(value: unknown): value is Syntax {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** The value of a literal string, or of a template without holes. */
function textOf(node: unknown): string | undefined {
  if (!isSyntax(node)) return undefined;
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  const quasis = node.type === "TemplateLiteral" ? (node.quasis as { value: { cooked: string } }[]) : [];
  return quasis.length === 1 ? quasis[0].value.cooked : undefined;
}

function referencesOf(node: Syntax): Reference[] {
  const reference = (kind: Kind, source: unknown): Reference[] => {
    const specifier = textOf(source);
    return specifier === undefined ? [] : [{ kind, specifier }];
  };
  switch (node.type) {
    case "ImportDeclaration":
      return reference(node.importKind === "type" ? "type" : "import", node.source);
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
      return reference(node.exportKind === "type" ? "type" : "import", node.source);
    case "ImportExpression":
      return reference("import", node.source);
    case "TSImportType":
      return reference("type", node.source);
    case "CallExpression":
      return forked(node);
    default: {
      // new URL("./x.wgsl", import.meta.url), a path that is joined, a table of files: however it is used, the text names a file
      const text = textOf(node);
      return text && /^\.{1,2}\//.test(text) && ASSET.test(text) ? [{ kind: "asset", specifier: text }] : [];
    }
  }
}

/** forkBeside(import.meta.url, "child") runs ./child.ts. */
function forked({ callee, arguments: given }: Syntax): Reference[] {
  const name = isSyntax(callee) && callee.name === "forkBeside" ? textOf((given as unknown[])[1]) : undefined;
  return name === undefined ? [] : [{ kind: "process", specifier: `./${name}.js` }];
}

const WORLD = /^(performance|Date|console|process|crypto|globalThis|setTimeout|setInterval|fetch)$/;

/** A global that is read as a value: `console.log`, not `{ console: 1 }`, `x.console` or a type of that name. */
function effectOf(node: Syntax, parent: Syntax | undefined): string | undefined {
  if (node.type === "MemberExpression") {
    const [object, property] = [node.object, node.property].map((side) => (isSyntax(side) ? side.name : ""));
    return object === "Math" && property === "random" ? "Math.random" : undefined;
  }
  if (node.type !== "Identifier" || !WORLD.test(String(node.name)) || !parent) return undefined;
  const isKey = ["property", "key"].some((side) => parent[side] === node) && parent.computed !== true;
  return isKey || parent.type.startsWith("TS") ? undefined : String(node.name);
}

function readC(text: string): Source {
  const names = [...text.matchAll(/^#include "([^"]+)"/gm)].map(([, path]) => path);
  const references = names.map(
    (path): Reference => ({
      kind: "asset",
      specifier: path.startsWith(".") ? path : `./${path}`,
    }),
  );
  return { references, effects: [] };
}

/** A dialect of TypeScript that no parser of TypeScript takes (`@inline` on functions); only its imports name files. */
function readAssemblyScript(text: string): Source {
  const code = text.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, "");
  const references = [...code.matchAll(/^(?:import|export)\s[^;"]*?from\s+"([^"]+)"/gm)].map(
    ([, specifier]): Reference => ({ kind: "import", specifier: specifier.replace(/\.as$/, ".as.ts") }),
  );
  const effects = [...code.matchAll(/\b(Math\.random|Date|console|process|performance|trace)\b/g)];
  return { references, effects: [...new Set(effects.map(([effect]) => effect))] };
}

const PYTHON_WORLD = /^(time|random|datetime|os|secrets)$/;

/** Modules; those that lie beside the file are told from packages by who reads the tree. */
function readPython(text: string): Source {
  const code = text.replace(/""".*?"""|#[^\n]*/gs, "");
  const names = [...code.matchAll(/^[ \t]*(?:import|from)[ \t]+([\w.]+)/gm)].map(
    ([, name]) => name.split(".")[0],
  );
  return {
    references: names.map((name) => ({ kind: "import", specifier: name })),
    effects: [...new Set(names.filter((name) => PYTHON_WORLD.test(name)))],
  };
}
