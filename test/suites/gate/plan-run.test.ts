/** Processes of two trees: what the gate says when they are not of one day. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NO_CLAIMS } from "../../../suites/gate/checks/claims.js";
import { type GateRequest, planRun } from "../../../suites/gate/plan-run.js";
import { DEFAULT_RULE } from "../../../suites/gate/statistics/judge.js";
import { nodeHost } from "../../../suites/processes/host.node.js";
import { PROTOCOL } from "../../../suites/processes/protocol.js";
import { temporary } from "../../scripts/cli.js";
import { labOf } from "./lab.js";

/** The module of a process that gives these answers. */
function childThat(answers: string): string {
  const folder = join(temporary(), "suites/processes");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "child.mjs");
  writeFileSync(
    file,
    `process.on("message", ({ id, call }) => {
      const reply = ${answers};
      process.send({ id, ...reply });
    });
    process.on("disconnect", () => process.exit(0));\n`,
  );
  return file;
}

/** Opens and, asked for more, says so. */
const opened = (protocol: string) =>
  `call === "open" ? { ok: true, value: { ${protocol} present: false, reason: "a test" } } : ` +
  '{ ok: false, message: "was asked for its " + call }';

/** Lists nothing, and is asked before the base is. */
const HEAD = `call === "open" ? { ok: true, value: { protocol: ${PROTOCOL}, present: false } } : { ok: true, value: [] }`;

async function planned(base: string): Promise<string> {
  const host = nodeHost();
  const request: GateRequest = {
    lab: labOf(host, { base, head: childThat(HEAD) }),
    follow: (file) => file,
    touched: { all: true, why: "of a test" },
    onlyUser: false,
    filter: undefined,
    engines: [],
    devices: [],
    rule: DEFAULT_RULE,
    mdeLimit: 1,
    checks: new Set(),
    claims: NO_CLAIMS,
    repeat: (id) => id,
  };
  try {
    return await planRun(request).then(
      () => "planned",
      (error: { kind: string; message: string }) => `${error.kind}: ${error.message}`,
    );
  } finally {
    await host.close();
  }
}

describe("planRun", () => {
  it("is inconclusive, in one sentence, where the base's processes speak another version of the protocol", async () => {
    const said = await planned(childThat(opened(`protocol: ${PROTOCOL + 1},`)));
    expect(said).toMatch(
      new RegExp(`^inconclusive: .*speak version ${PROTOCOL + 1} .* speaks version ${PROTOCOL}: .*[^\n]$`),
    );
  });

  it("goes on where they speak this one, and not where they speak the first one, which stated no version", async () => {
    expect(await planned(childThat(opened(`protocol: ${PROTOCOL},`)))).toMatch(/was asked for its inventory/);
    expect(await planned(childThat(opened("")))).toMatch(/^inconclusive: .*speak version 1 /);
  });

  it("is inconclusive where they cannot be opened", async () => {
    expect(await planned(childThat('{ ok: false, message: "what is that?" }'))).toBe(
      "inconclusive: this harness cannot load the base: what is that?",
    );
  });
});
