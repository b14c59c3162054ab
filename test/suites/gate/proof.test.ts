/** Each arm runs in the harness of its own tree, so that a change of the interface between harness and kernels breaks no base. */
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { implementationName } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { prove } from "../../../suites/gate/proof.js";
import { transpile } from "../../../suites/gate/trees/transpile.js";
import { nodeHost } from "../../../suites/processes/host.node.js";
import { root, temporary } from "../../scripts/cli.js";
import { labOf, tinyCase } from "./lab.js";

/** A folder from which packages resolve as from the repository. */
function packageFolder(): string {
  const folder = temporary();
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  return folder;
}

/** Renames a member of Prepared in everything that makes or calls one. @returns files changed */
function rename(folder: string, from: string, to: string): number {
  let changed = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!/^(impls|suites)[\\/].*\.js$/.test(name)) continue;
    const text = readFileSync(join(folder, name), "utf8");
    const other = text.replace(new RegExp(`\\b${from}\\b`, "g"), to);
    if (other !== text) changed++;
    writeFileSync(join(folder, name), other);
  }
  return changed;
}

it("verifies a base whose kernels have another interface, each arm by its own harness", {
  timeout: 120_000,
}, async () => {
  const head = packageFolder();
  expect(await transpile(root, head, ["impls", "suites", "reports"])).toBe(true);
  const base = packageFolder();
  for (const folder of ["impls", "suites", "reports"])
    cpSync(join(head, folder), join(base, folder), { recursive: true });
  expect(rename(base, "poison", "spoil")).toBeGreaterThan(5);

  const children = {
    base: join(base, "suites/processes/child.js"),
    head: join(head, "suites/processes/child.js"),
  };
  const host = nodeHost({ child: () => children.head });
  const lab = labOf(host, children);
  const impl = implementations.findIndex((one) => implementationName(one) === "ssd/recurrent.cpu");
  const one = tinyCase({ impl, options: {} });
  try {
    const { references, ...proof } = await prove(lab, [one], [], true);
    expect(proof).toEqual({ cases: [one], wrong: [], broken: [], notCompared: [] });
    expect(references.size).toBe(1);
    // the two interfaces do differ: the base's kernels in head's harness are what breaks
    cpSync(join(head, "suites"), join(base, "suites"), { recursive: true });
    const mixed = await prove(lab, [one], [], true);
    expect(mixed.notCompared).toEqual([{ id: "case", reason: expect.stringMatching(/^base: .*poison/) }]);
  } finally {
    await host.close();
  }
});
