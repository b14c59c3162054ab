/** A hash that changes with whatever a module reaches, and with nothing else. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { hashesOf, hashOfModule, ownTool } from "../../../suites/measure/provenance.js";
import { temporary } from "../../scripts/cli.js";

const FILES = {
  "kernel.ts": `import { f } from "./part.js";
export { g } from "./folder";
import "./effect.mjs";
const lazy = () => import("./lazy.ts");
const asset = new URL("./code.wgsl", import.meta.url);
import fs from "node:fs";
import other from "other/deep";`,
  "part.ts": `export * from './far/deeper.ts';`,
  "far/deeper.ts": `import { f } from "../part.js"; // a circle`,
  "folder/index.ts": "export const g = 1;",
  "effect.mjs": "1;",
  "lazy.ts": "1;",
  "code.wgsl": "fn main() {}",
  "node_modules/other/package.json": '{"version": "1.0.0"}',
  "unrelated.ts": "1;",
};

function written(changes: Readonly<Record<string, string>> = {}): string {
  const folder = temporary();
  for (const [name, text] of Object.entries({ ...FILES, ...changes })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, "kernel.ts");
}

const before = hashOfModule(written());

it.each(Object.keys(FILES).filter((name) => name !== "unrelated.ts" && !name.startsWith("node_modules")))(
  "changes with %s",
  (name) => {
    expect(hashOfModule(written({ [name]: `${FILES[name as keyof typeof FILES]}\n// changed` }))).not.toBe(
      before,
    );
  },
);

const OTHERS = {
  "kernel.py":
    "import os, helper as h\nfrom folder.tools import a, b\nfrom . import sister\nfrom pack import inner\nimport torch",
  "helper.py": "    import late",
  "late.py": "1",
  "folder/tools.py": "import helper",
  "sister.py": "1",
  "pack/__init__.py": "1",
  "pack/inner.py": "1",
  "kernel.c": '#include <math.h>\n#include "tile.h"',
  "tile.h": '  # include "deep/part.h"',
  "deep/part.h": "1",
};

it.each(Object.keys(OTHERS).filter((name) => !name.startsWith("kernel.")))(
  "of a kernel in another language changes with %s, which it takes in from beside it",
  (name) => {
    const hash = (changes = {}) =>
      hashOfModule(
        join(dirname(written({ ...OTHERS, ...changes })), name.endsWith(".h") ? "kernel.c" : "kernel.py"),
      );
    expect(hash({ [name]: `${OTHERS[name as keyof typeof OTHERS]} changed` })).not.toBe(hash());
    expect(hash({ "unrelated.py": "1" })).toBe(hash());
  },
);

it("changes with the version of a package, and says nothing else of it", () => {
  const change = (text: string) => hashOfModule(written({ "node_modules/other/package.json": text }));
  expect(change('{"version": "1.0.1"}')).not.toBe(before);
  expect(change('{"version": "1.0.0", "more": 1}')).toBe(before);
});

it("is the same in another folder, with other line ends, beside other files", () => {
  expect(before).toMatch(/^sha256:[0-9a-f]{16}$/);
  expect(hashOfModule(written())).toBe(before);
  expect(hashOfModule(written({ "unrelated.ts": "2;" }))).toBe(before);
  expect(hashOfModule(written({ "kernel.ts": FILES["kernel.ts"].replaceAll("\n", "\r\n") }))).toBe(before);
});

it("misses nothing that is gone", () => {
  const file = written();
  const copy = join(temporary(), "copy");
  cpSync(dirname(file), copy, { recursive: true });
  rmSync(join(copy, "code.wgsl"));
  expect(hashOfModule(join(copy, "kernel.ts"))).not.toBe(before);
  expect(hashesOf([join(copy, "nowhere.ts")])).toEqual({});
});

it("knows this tool by its version and its code", () => {
  expect(ownTool()).toMatchObject({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    code: expect.stringMatching(/^sha256:/),
  });
});
