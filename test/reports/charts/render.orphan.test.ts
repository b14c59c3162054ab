/** What draws pictures ends with whoever asked for them. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/cli.js";

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="800"><circle cx="400" cy="400" r="300"/></svg>';
/** More than could be drawn before the test gives up. */
const PICTURES = 1000;

it("leaves queued pictures undrawn when its parent is killed", { timeout: 30_000 }, async () => {
  const parent = spawn(
    process.execPath,
    [
      "-e",
      `const { fork } = require("node:child_process");
       const child = fork(${JSON.stringify(join(root, "reports/charts/raster.mjs"))}, []);
       for (let id = 0; id < ${PICTURES}; id++) child.send({ id, svg: ${JSON.stringify(SVG)}, scale: 4 });
       child.once("message", () => process.kill(process.pid, "SIGKILL"));`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  // the pipe closes when the child that inherited it has gone too
  const signal = await new Promise((resolve) => parent.on("close", (_code, name) => resolve(name)));
  expect(signal).toBe("SIGKILL");
});
