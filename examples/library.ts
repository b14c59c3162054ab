/**
 * dualbench as a library: verify a kernel of your own, time the forms of an operator, read the rows.
 * Run it with `node --import tsx examples/library.ts`, or copy it into a project that has `dualbench` installed.
 */
import { pathToFileURL } from "node:url";
import { type Measured, runSuite, verifyImplementation } from "dualbench";
import myKernel from "./my-kernel.js";

/** Worst error of the kernel in units of its derived bound: at most 1, or it is wrong. */
export async function worstError(cases: number): Promise<number> {
  const { ok, table, failures } = await verifyImplementation(myKernel, { cases });
  if (!ok) throw new Error(failures.flatMap(({ counterexample }) => counterexample).join("\n"));
  return Math.max(...table.map(({ worst }) => worst));
}

/** Median times in ns of the forms of ssd on the cpu engine at one length of the suite. */
export async function timesByForm(length: number): Promise<Map<string, number>> {
  const { rows } = await runSuite({
    suites: ["sequence-length"],
    engines: ["cpu"],
    filter: `ssd/ length=${length}`,
  });
  const measured = rows.filter((row): row is Measured => row.status === "measured");
  return new Map(measured.map(({ form, medianNs }) => [form, medianNs]));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  console.log(`worst error: ${(await worstError(50)).toPrecision(2)} of the bound`);
  for (const [form, ns] of await timesByForm(512)) console.log(`${form}: ${(ns / 1e6).toPrecision(3)} ms`);
}
