/** `new`: each kernel it writes is ready to run, under the name of its file; what cannot be written is one sentence. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { open as openCpu } from "../../impls/engines/cpu.js";
import type { Engine } from "../../impls/engines/engine.js";
import { open as openNative } from "../../impls/engines/native.js";
import { implementationName } from "../../impls/implementation.js";
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
const write = (...args: string[]) => start(args, { script: "new", cwd: folder }).ended;

/** Engines that run what was written, where they are here: WGSL and CUDA have tests of their own, Triton needs a GPU. */
const engines: Readonly<Record<string, () => Promise<Engine<unknown> | undefined>>> = {
  ts: openCpu,
  torch: torchOrReason,
  c: () => orReason("native", () => openNative()),
};

it.each(kernels)(
  "$kernel in $lang is written, listed under its file's name, and right",
  async ({ lang, kernel, extension }) => {
    const file = `some kernel of ${lang}${extension}`;
    const { code, stdout, stderr } = await write(kernel, "--lang", lang, "--out", file);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n")).toEqual([
      expect.stringContaining(`${kernel} in ${LANGUAGES[lang].name}`),
      expect.stringMatching(/ verify .*--impl "some kernel of /),
      expect.stringMatching(/ bench .*--impl "some kernel of .* --grid quick$/),
      "",
    ]);
    expect(readFileSync(join(folder, file), "utf8"), "the recurrence").toContain(
      "S_t = exp(logA_t) S_(t-1) + dt_t",
    );
    const impl = (await allImplementations([join(folder, file)])).at(-1)!;
    expect(implementationName(impl).startsWith(`${kernel}.`)).toBe(true);
    const engine = await engines[lang]?.();
    if (!engine) return;
    const dims = { batch: 1, length: 3, heads: 1, groups: 1, headDim: 1, state: 1 };
    const options = await impl.options!({ dims, inputs: {}, settings: {} } as never, engine as never);
    expect(options[0].make).toBe(`some-kernel-of-${lang}`);
    await mustConform(engine, impl);
    await engine.close();
  },
);

it("says in a sentence what it cannot write, and writes over nothing", async () => {
  writeFileSync(join(folder, "mine.py"), "mine");
  for (const [args, said] of [
    [
      ["ssd/chunked", "--lang", "java"],
      'there is no language "java"; there are triton, torch, cuda, wgsl, c, ts',
    ],
    [
      ["ssd/scan", "--lang", "torch"],
      'there is no kernel "ssd/scan" to start from in PyTorch; there are ssd/chunked',
    ],
    [["ssd/chunked"], "required option '--lang <name>' not specified; see npx dualbench new --help"],
    [["--lang", "torch"], "missing required argument 'operator/form'; see npx dualbench new --help"],
    [
      ["ssd/chunked", "--lang", "torch", "--out", "mine.py"],
      "--out mine.py is there already; name another file",
    ],
    [
      ["ssd/chunked", "--lang", "torch", "--out", "mine.cu"],
      "--out mine.cu: a kernel in PyTorch is a .py file",
    ],
    [
      ["ssd/chunked", "--lang", "torch", "--out", "no/mine.py"],
      `--out no/mine.py: there is no folder ${join(folder, "no")}; make it first`,
    ],
  ] as const) {
    const { code, stdout, stderr } = await write(...args);
    expect([code, stdout, stderr]).toEqual([2, "", `dualbench: ${said}\n`]);
  }
  expect(readFileSync(join(folder, "mine.py"), "utf8")).toBe("mine");
  expect(existsSync(join(folder, "mine.cu"))).toBe(false);
}, 60_000);
