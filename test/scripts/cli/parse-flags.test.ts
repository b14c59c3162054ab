import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { parseBenchOptions } from "../../../scripts/cli/bench/options.js";
import { parseGateOptions } from "../../../scripts/cli/gate/options.js";
import { parseNewOptions } from "../../../scripts/cli/new/options.js";
import { parseReportOptions } from "../../../scripts/cli/report/options.js";
import { parseTheoryOptions } from "../../../scripts/cli/theory/options.js";
import { parseVerifyOptions } from "../../../scripts/cli/verify/options.js";
import { root } from "../cli.js";

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
let printed = "";
beforeEach(() => {
  printed = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const commands = {
  parseBenchOptions,
  parseGateOptions,
  parseNewOptions,
  parseReportOptions,
  parseTheoryOptions,
  parseVerifyOptions,
};

it.each(Object.entries(commands))("%s tells its version and goes no further", (_, parse) => {
  expect(parse(["--version"])).toBeUndefined();
  expect(printed).toBe(`${version}\n`);
});

it("every command leaves colours out where it is told to, and so does what it starts", () => {
  vi.stubEnv("NO_COLOR", undefined);
  expect(parseVerifyOptions(["--cases", "1", "--no-color"])).toMatchObject({ cases: 1, seed: 0 });
  expect(process.env.NO_COLOR).toBe("1");
});
