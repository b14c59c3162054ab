/** A small tree in which every rule is broken, each in the ways in which a file can break it. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Path -> text. */
const FILES: Readonly<Record<string, string>> = {
  // arrows that point the wrong way, by every kind of name
  "impls/tensor.ts": [
    'import { suite } from "../suites/suite.js";',
    '// import "../suites/never.js"',
    `export const said = "import x from '../suites/never.js'";`,
  ].join("\n"),
  "impls/lanes.ts": `export * from "../suites/suite.js";\nexport type { Row } from "../reports/rows/row.js";`,
  "impls/random.ts": `export const load = () => import("../scripts/bench.js");\nexport type Run = import("../suites/suite.js").Suite;`,
  "impls/bound.ts": `export const kernel = new URL("../suites/kernels/ceilings.wgsl", import.meta.url);`,
  "reports/rows/row.ts": `import type { Suite } from "../../suites/suite.js";\nexport type Row = Suite;`,
  "suites/suite.ts": `import fc from "fast-check";\nforkBeside(import.meta.url, "../scripts/bench");`,
  "suites/kernels/ceilings.wgsl": "",
  "scripts/bench.ts": "export {};",

  // packages that impls must not know
  "impls/engines/cpu.ts": `import { Bench } from "tinybench";\nexport const now = () => performance.now();`,
  "impls/engines/wasm/simd.as.ts": `@inline export function madd(): void {}`,

  // circles: of values, of types, of AssemblyScript, of a file with itself
  "suites/plan/plan.ts": `import { filter } from "./filter.js";`,
  "suites/plan/filter.ts": `import type { Plan } from "./left-out.js";`,
  "suites/plan/left-out.ts": `export type Plan = import("./plan.js").Plan;`,
  "suites/plan/alone.ts": `import type { A } from "./alone.js";`,
  "impls/ssd/wasm/a.as.ts": `import { madd } from "../../engines/wasm/simd.as";\nexport { b } from "./b.as";`,
  "impls/ssd/wasm/b.as.ts": `import { a } from "./a.as";`,

  // an operator as it should be, but for what it names and touches
  "impls/ssd/README.md": "",
  "impls/ssd/operator.ts": `import type { Engine } from "../engines/cpu.js";\nimport { readFileSync } from "node:fs";`,
  "impls/ssd/reference.ts": `import { now } from "../engines/cpu.js";\nexport const started = Date.now() + Math.random();`,
  "impls/ssd/index.ts":
    "export const { log } = { log: { process: 1, console: 2 }.console }; // performance.now()",
  "impls/ssd/chunked.wasm.ts": `export const kernel = new URL("./wasm/a.as.ts", import.meta.url);`,
  "impls/ssd/chunked.webgpu.ts": 'const names = [`./webgpu/lost.wgsl`, "../attention/webgpu/tiled.wgsl"];',
  "impls/ssd/chunked.torch.ts": `export const file = new URL("./torch/chunked.py", import.meta.url);`,
  "impls/ssd/torch/chunked.py": `"""import random"""\nimport helper\nfrom time import sleep\n# import os`,
  "impls/ssd/torch/helper.py": "import torch",
  "impls/ssd/torch/unnamed.py": "",
  "impls/ssd/wasm/lost-import.as.ts": `import { x } from "./lost.as";`,

  // an operator's folder with what does not belong there
  "impls/attention/operator.ts": "",
  "impls/attention/reference.ts": "",
  "impls/attention/index.ts": "",
  "impls/attention/chunky.cpu.ts": "",
  "impls/attention/tiled.metal.ts": "",
  "impls/attention/tiled.cpu.wgsl": "",
  "impls/attention/helpers/tiles.ts": "",
  "impls/attention/reference/softmax.ts": "",
  "impls/attention/webgpu/tiled.wgsl": "",
  "impls/helpers/tiles.ts": "",

  // tests: with a source, with an aspect of one, of a folder, of nothing
  "test/architecture.test.ts": "",
  "test/suites/suite.test.ts": "",
  "test/impls/ssd/chunked.webgpu.sizes.test.ts": "",
  "test/suites/plan.order.test.ts": "",
  "test/impls/engines/wasm/simd.test.ts": "",
  "test/suites/runner/plan.test.ts": "",
  "test/suites/suite.one.two.test.ts": "",
  ...numbered(17, "reports/charts/part", ".ts"),
  ...numbered(20, "suites/laws/law", ".ts"),
  ...numbered(17, "test/suites/help", ".ts"),
};

function numbered(count: number, stem: string, extension: string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${stem}-${i}${extension}`, ""]));
}

/** @returns the top of the tree; the caller removes it */
export function plantTree(): string {
  const top = mkdtempSync(join(tmpdir(), "dualbench-planted-"));
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(top, file)), { recursive: true });
    writeFileSync(join(top, file), text);
  }
  return top;
}
