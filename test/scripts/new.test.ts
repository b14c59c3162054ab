/** `new`: each kernel it writes is ready to run, under the name of its file; what cannot be written is one sentence. */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it, vi } from "vitest";
import { open as openCpu } from "../../impls/engines/cpu.js";
import type { Engine } from "../../impls/engines/engine.js";
import { open as openNative } from "../../impls/engines/native.js";
import { implementationName } from "../../impls/implementation.js";
import { EXIT, Stop } from "../../scripts/cli/exit.js";
import { writeKernel } from "../../scripts/cli/new/run.js";
import { LANGUAGES } from "../../scripts/cli/new/templates.js";
import { allImplementations } from "../../suites/processes/user-impls.js";
import { mustConform } from "../impls/languages/template.js";
import { orReason } from "../or-reason.js";
import { torchOrReason } from "../torch.js";
import { start, temporary } from "./cli.js";

const folder = temporary();
const kernels = Object.entries(LANGUAGES).flatMap(([lang, { extension, templates }]) =>
  templates.map(({ kernel }) => ({ lang, kernel, extension })),
);

/** What the command prints, or its Stop. */
async function write(...args: readonly string[]): Promise<string> {
  const said: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
  try {
    expect(await writeKernel(args)).toBe(EXIT.good);
  } finally {
    spy.mockRestore();
  }
  return said.join("");
}

/** Engines that run what was written, where they are here: WGSL and CUDA have tests of their own, Triton needs a GPU. */
const engines: Readonly<Record<string, () => Promise<Engine<unknown> | undefined>>> = {
  ts: openCpu,
  torch: torchOrReason,
  c: () => orReason("native", () => openNative()),
};

it.each(kernels)(
  "$kernel in $lang is written, listed under its file's name, and right",
  async ({ lang, kernel, extension }) => {
    const title = `some ${kernel.replace("/", " ")} of ${lang}`;
    const file = join(folder, `${title}${extension}`);
    expect((await write(kernel, "--lang", lang, "--out", file)).split("\n")).toEqual([
      `${file}: ${kernel} in ${LANGUAGES[lang].name}`,
      `npx dualbench verify --impl "${file}"`,
      `npx dualbench bench --impl "${file}" --suite sequence-length --grid quick`,
      "",
    ]);
    expect(readFileSync(file, "utf8"), "the recurrence").toContain("S_t = exp(logA_t) S_(t-1) + dt_t");
    const impl = (await allImplementations([file])).at(-1)!;
    expect(implementationName(impl).startsWith(`${kernel}.`)).toBe(true);
    const engine = await engines[lang]?.();
    if (!engine) return;
    const dims = { batch: 1, length: 3, heads: 1, groups: 1, headDim: 1, state: 1 };
    const options = await impl.options!({ dims, inputs: {}, settings: {} } as never, engine as never);
    expect(options[0].make).toBe(title.replaceAll(" ", "-"));
    await mustConform(engine, impl);
    await engine.close();
  },
);

it("says in a sentence what it cannot write, and writes over nothing", async () => {
  const mine = join(folder, "mine.py");
  writeFileSync(mine, "mine");
  const torch = ["ssd/chunked", "--lang", "torch"];
  for (const [args, said] of [
    [
      ["ssd/chunked", "--lang", "java"],
      'there is no language "java"; there are triton, torch, cuda, wgsl, c, ts',
    ],
    [
      ["ssd/scan", "--lang", "c"],
      'there is no kernel "ssd/scan" to start from in C; there are ssd/chunked, ssd/recurrent',
    ],
    [["ssd/chunked"], "required option '--lang <name>' not specified; see npx dualbench new --help"],
    [["--lang", "torch"], "missing required argument 'operator/form'; see npx dualbench new --help"],
    [[...torch, "--out", mine], `--out ${mine} is there already; name another file`],
    [[...torch, "--out", "mine.cu"], "--out mine.cu: a kernel in PyTorch is a .py file"],
    [
      [...torch, "--out", "no/mine.py"],
      `--out no/mine.py: there is no folder ${resolve("no")}; make it first`,
    ],
  ] as const)
    await expect(writeKernel(args)).rejects.toThrow(new Stop(EXIT.usage, said));
  expect(readFileSync(mine, "utf8")).toBe("mine");
  const again = await start([...torch, "--out", "mine.py"], { script: "new", cwd: folder }).ended;
  expect(again).toMatchObject({
    code: 2,
    stdout: "",
    stderr: "dualbench: --out mine.py is there already; name another file\n",
  });
});
