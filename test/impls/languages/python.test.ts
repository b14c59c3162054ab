/** A user's kernel in Python, through the whole runner: what is measured, and what costs its row with which words. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { implementationOf } from "../../../impls/languages/index.js";
import { type Problem, randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import type { Row } from "../../../reports/rows/row.js";
import { measuredRows } from "../../suites/measure/in-process.js";
import { torchOrReason } from "../../torch.js";

const engine = await torchOrReason();
const folder = mkdtempSync(join(tmpdir(), "dualbench-python-"));
const root = resolve(fileURLToPath(new URL("../../..", import.meta.url)));
const example = readFileSync(join(root, "examples", "kernels", "ssd_torch.py"), "utf8");
afterAll(async () => {
  await engine?.close();
  rmSync(folder, { recursive: true, force: true });
});

// a chunk that is not full, heads that share B and C, more than one of each
const dims = { batch: 2, length: 100, heads: 4, groups: 2, headDim: 8, state: 16 };
const problem = randomProblem(ssd, { dims, seed: 5, with: ["dt"] }) as Problem;

/** The example with one part replaced, which must be there. */
function changed(from: string, to: string, text = example): string {
  expect(text.split(from), from).toHaveLength(2);
  return text.replace(from, to);
}

let files = 0;
async function rowOf(text: string): Promise<Row> {
  const file = join(folder, `kernel_${files++}.py`);
  writeFileSync(file, text);
  const rows = await measuredRows(engine as never, [implementationOf(file, text)], problem);
  expect(rows.length).toBeGreaterThan(0);
  return rows[0];
}

const HEADER = `# dualbench { "operator": "ssd", "form": "recurrent", "rounding": { "terms": 0 } }\n`;
const body = (lines: string, before = "") => `${HEADER}${before}
def prepare(inputs, outputs, dims, options):
${lines.replace(/^/gm, "    ")}
`;

describe.skipIf(!engine)("a correct kernel", () => {
  it("is measured, however much it prints, and its row says what a run does beside computing", async () => {
    const loud = changed(
      "    def run():\n",
      '    print("x" * 100000)\n\n    def run():\n        print("in a run")\n',
    );
    for (const text of [example, loud]) {
      const row = await rowOf(text);
      expect(row, JSON.stringify(row)).toMatchObject({
        status: "measured",
        operator: "ssd",
        form: "chunked",
      });
      expect(row.make).toMatch(/^kernel_\d+$/);
      expect(row.status === "measured" && row.inputs).toMatch(/^two sets/);
      expect(row.status === "measured" && row.fairness?.timed).toMatch(
        /; a run makes at least \d+ tensors \(.* MiB\)$/,
      );
    }
  });

  it("may have its tensors in another order, make tensors of its inputs before timing, and give its own outputs back", async () => {
    const header = HEADER.replace(
      " }\n",
      ', "layout": { "X": "batch heads length headDim", "Y": "heads batch length headDim" } }\n',
    );
    const row = await rowOf(
      body(
        `a = inputs.derive(lambda: inputs.logA.exp())
C = inputs.C.repeat_interleave(2, 2)
def run():
    S = torch.zeros(dims.batch, dims.heads, dims.headDim, dims.state)
    Y = torch.empty(dims.heads, dims.batch, dims.length, dims.headDim)
    B, C = (one.repeat_interleave(dims.heads // dims.groups, 2) for one in (inputs.B, inputs.C))
    for t in range(dims.length):
        x = inputs.X[:, :, t] * inputs.dt[:, t].unsqueeze(-1)
        S = a[:, t, :, None, None] * S + x.unsqueeze(-1) * B[:, t].unsqueeze(2)
        Y[:, :, t] = (S @ C[:, t].unsqueeze(-1)).squeeze(-1).transpose(0, 1)
    return {"Y": Y, "finalState": S}
return run`,
        "import torch\n",
      ).replace(HEADER, header),
    );
    expect(row, JSON.stringify(row)).toMatchObject({ status: "measured" });
    expect(row.status === "measured" && row.fairness?.timed).toContain(
      "; layouts made before timing: X as (batch heads length headDim), Y as (heads batch length headDim); 1 tensor made of its inputs",
    );
  });

  it("in Triton computes what it should, as far as its interpreter here can tell", async () => {
    const fake = `import sys\nsys.path.insert(0, ${JSON.stringify(join(root, "test", "fixtures", "torch"))})\nimport triton\n`;
    const triton = readFileSync(join(root, "examples", "kernels", "ssd_triton.py"), "utf8");
    const here = changed('  "device": "cuda",\n', "", changed("import triton\n", fake, triton));
    expect(await rowOf(here)).toMatchObject({ status: "measured", chunk: 32 });
    const unmasked = changed(
      "mask=known, other=0.0).to(tl.float32)\n\n",
      "mask=known | True, other=0.0).to(tl.float32)\n\n",
      here,
    );
    expect((await rowOf(unmasked)).reason).toMatch(/IndexError: outside of a tensor of 6400/);
  });

  it("that raises Unsupported is skipped with its words", async () => {
    const row = await rowOf(
      body(`raise Unsupported("needs a full moon")`, "class Unsupported(Exception):\n    pass\n"),
    );
    expect(row).toMatchObject({ status: "skipped", reason: "needs a full moon" });
  });
});

const OUTPUT = `outputs["Y"].copy_(Y.reshape(b, chunks * q, h, p)[:, :t])`;
/** Each in one way that people get such a kernel wrong. */
const FAULTS: Readonly<Record<string, string>> = {
  sign: changed("Y = Y + torch.einsum(", "Y = Y - torch.einsum("),
  "exclusive decay": changed("log_decay.cumsum(-1).exp()", "(log_decay.cumsum(-1) - log_decay).exp()"),
  "decay of the chunk's end": changed("to_end = L[..., -1, :]", "to_end = L[..., 0, :]"),
  "group mapping": changed(".repeat_interleave(h // g, 3)", ".repeat(1, 1, 1, h // g, 1)"),
  "a step left out": changed("x = X if dt is None else", "x = X if True else"),
  "the last partial chunk of Y": changed(
    OUTPUT,
    OUTPUT.replaceAll("[:, :t]", "[:, : t // q * q]").replace('["Y"]', '["Y"][:, : t // q * q]'),
  ),
  "the last partial chunk of the state": changed(
    "for c in range(chunks):",
    "for c in range(t // q):\n            pass\n        for c in range(chunks if False else t // q):",
  ),
  "an output of the run before": changed(
    "    def run():\n",
    "    seen = []\n\n    def run():\n        if seen:\n            return\n        seen.append(1)\n",
  ),
  "an output of the inputs before": changed("    def run():\n", "    X = X.clone()\n\n    def run():\n"),
  "one that is not a number": changed(OUTPUT, `${OUTPUT}\n        outputs["Y"][1, 99, 3, 7] = float("nan")`),
  "an output that is never written": changed('        outputs["finalState"].copy_(state)\n', ""),
};

describe.skipIf(!engine)("a wrong kernel is rejected", () => {
  it.each(Object.keys(FAULTS))("%s", async (name) => {
    const row = await rowOf(FAULTS[name]);
    expect(row.status, JSON.stringify(row)).toBe("rejected");
  });

  it("with what happened to its inputs, where that is the reason", async () => {
    const row = await rowOf(FAULTS["an output of the inputs before"]);
    expect(row.status === "rejected" && row.reason).toMatch(/it follows a copy that was made before/);
  });
});

/** Words, and the line where it is. */
const BAD: readonly (readonly [what: string, text: string, words: RegExp])[] = [
  [
    "imports what is not there",
    body("pass", "import no_such_package\n"),
    /ModuleNotFoundError: No module named 'no_such_package' \(.*\.py:2\)/,
  ],
  ["is no Python", body("return (", ""), /SyntaxError: .*\(.*kernel_\d+\.py:4\)/],
  ["has no prepare", `${HEADER}\n`, /defines no function prepare\(inputs, outputs, dims, options\)/],
  ["prepares nothing", body("pass"), /prepare\(\) must return a function without arguments, got nothing/],
  [
    "takes other arguments",
    `${HEADER}def prepare(x):\n    pass\n`,
    /TypeError: prepare\(\) takes 1 positional argument/,
  ],
  ["raises in its run", body("return lambda: 1 / 0"), /ZeroDivisionError: division by zero \(.*\.py:4\)/],
  ["raises in prepare", body("raise ValueError('no\\nmore')"), /ValueError: no \(.*\.py:4\)/],
  [
    "ends its process by an exception",
    body("import sys\nsys.exit(3)"),
    /it ends its process \(exit code 3\) \(.*\.py:5\)/,
  ],
  ["asks for input", body("return lambda: input()"), /EOFError: .*\(.*\.py:4\)/],
  [
    "puts another tensor in the place of an output",
    body(`def run():\n    outputs["Y"] = inputs["X"] * 2\nreturn run`),
    /TypeError: outputs\["Y"\] is to be written into.*\(.*\.py:5\)/,
  ],
  [
    "moves an output elsewhere",
    body(`return lambda: outputs["Y"].set_(inputs["X"].clone())`),
    /makes another tensor of outputs\["Y"\]/,
  ],
  [
    "resizes an output",
    body(`return lambda: outputs["Y"].resize_(3)`),
    /makes another tensor of outputs\["Y"\]/,
  ],
  ["names an output that is none", body(`return lambda: outputs["y"].zero_()`), /KeyError: 'y' \(.*\.py:4\)/],
  [
    "names an input that is none",
    body("return lambda: inputs.delta"),
    /AttributeError: there is no delta; there are X, logA, B, C, dt/,
  ],
  [
    "gives an output of a wrong shape back",
    body(`return lambda: {"Y": inputs["X"][:, :5], "finalState": outputs["finalState"]}`),
    /Y has shape \[2, 5, 4, 8\], expected \[2, 100, 4, 8\]/,
  ],
  [
    "gives an output of a wrong dtype back",
    body(`return lambda: {"Y": inputs["X"].double(), "finalState": outputs["finalState"]}`),
    /Y is torch\.float64, expected torch\.float32/,
  ],
  [
    "gives one output back",
    body(`return lambda: {"Y": inputs["X"]}`),
    /must return a dict of Y, finalState, got Y/,
  ],
  [
    "takes more threads than its case has",
    body("import torch\nreturn lambda: torch.set_num_threads(7)"),
    /sets torch to 7 threads, this case has \d/,
  ],
  [
    "says that its layout is another than it is",
    changed('"unsupported"', '"layout": { "X": "batch heads length headDim" },\n  "unsupported"'),
    /RuntimeError: .*\(.*\.py:\d+\)/,
  ],
];

describe.skipIf(!engine)("a kernel costs its own row, and says why, when it", () => {
  it.each(BAD)("%s", async (_what, text, words) => {
    const row = await rowOf(text);
    expect(row.status, JSON.stringify(row)).toBe("failed");
    expect(row.status === "failed" && row.reason).toMatch(words);
  });

  it("forks: its other half neither answers nor runs", async () => {
    const once =
      "    import os\n    pids = []\n\n    def run():\n        if not pids:\n            pids.append(os.fork())\n";
    expect(await rowOf(changed("    def run():\n", once))).toMatchObject({ status: "measured" });
    expect(await rowOf(example)).toMatchObject({ status: "measured", form: "chunked" });
  });

  it("changes torch for everybody: the next one finds what it was", async () => {
    const rude = "import torch\ntorch.set_default_dtype(torch.float64)\ntorch.set_num_threads(3)\n";
    expect((await rowOf(body("return lambda: None", rude))).status).toBe("rejected");
    expect((await rowOf(example)).status).toBe("measured");
  });
});
