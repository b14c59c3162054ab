import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { nodeHost } from "../../../suites/processes/host.node.js";

const folder = mkdtempSync(join(tmpdir(), "dualbench-host-"));
afterAll(() => rmSync(folder, { recursive: true }));

// its grandchild has no parent any more when the list is made, and holds the pipe: "close" does not come before it ends
const module = join(folder, "child.mjs");
writeFileSync(
  module,
  `import { spawnSync } from "node:child_process";
   spawnSync("sh", ["-c", "sleep 3 &"], { stdio: ["ignore", "ignore", "inherit"] });
   process.on("message", ({ id }) => process.send({ id, ok: true, value: null }));`,
);

it.skipIf(process.platform === "win32")(
  "does not wait for a killed process whose end does not come",
  async () => {
    const host = nodeHost({ child: () => module, endMs: 50 });
    const link = host.start();
    expect(await link.call("engines", null as never, 20_000)).toBeNull();
    await host.close();
    await expect(link.call("engines", null as never, 100)).rejects.toThrow("not ended within 0.05 s");
  },
);
