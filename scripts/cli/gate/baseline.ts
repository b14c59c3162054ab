/** `gate --baseline FILE`: this machine against its own past. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Baseline, readBaseline, writeBaseline } from "../../../suites/gate/baseline.js";
import { NO_CLAIMS, readClaims } from "../../../suites/gate/checks/claims.js";
import { differences, fingerprintOf } from "../../../suites/gate/fingerprint.js";
import type { Arm } from "../../../suites/gate/lab.js";
import type { GateRequest, Past } from "../../../suites/gate/plan-run.js";
import { recordPast, runGate } from "../../../suites/gate/run.js";
import { GateStop } from "../../../suites/gate/stop.js";
import { type Environment, packageRoot } from "../../../suites/measure/environment.js";
import { madeWith } from "../../../suites/measure/made.js";
import { EXIT, usageError } from "../exit.js";
import { shellWord, shown } from "../words.js";
import { type GateOptions, gateInvocation, sameKernels } from "./options.js";
import { type GateSession, withSession } from "./session.js";

/** @returns the exit code. @throws Stop */
export async function gateAgainstPast(
  options: GateOptions,
  file: string,
  argv: readonly string[],
): Promise<number> {
  if (!existsSync(dirname(resolve(file))))
    throw usageError(`--baseline ${file}: there is no folder ${dirname(resolve(file))}; make it first`);
  return withSession(options, argv, async (session) => {
    const then = options.update ? undefined : readBaseline(file);
    const environment = await session.environment();
    // no trees: then and now, the harness measured the code that lies beside it
    const arm = (name: Arm["name"]): Arm => ({
      name,
      tree: undefined,
      child: undefined,
      files: session.files,
    });
    const claims = join(packageRoot, "reports", "baselines", "claims.json");
    const request = session.request({
      arms: { base: arm("base"), head: arm("head") },
      touched: { all: true, why: "of --baseline" },
      claims: session.onlyUser || !existsSync(claims) ? NO_CLAIMS : readClaims(claims),
      follow: (file) => file,
      repeat: (id) =>
        [
          gateInvocation(),
          "--baseline",
          shellWord(file),
          ...sameKernels(options),
          "--filter",
          shellWord(id),
        ].join(" "),
    });
    // a module of the user may import sources, which plain Node cannot load
    if (session.files.length === 0) await session.startFast();
    if (!then) return update(session, request, file, environment);
    const result = await runGate(request, pastOf(session, then, file, environment));
    const commit = commitOf(environment);
    return session.publish(result, `every case of ${file}`, process.cwd(), {
      base: { name: `${file}, written ${then.writtenUtc}`, commit: then.commit },
      head: { name: "working tree", commit },
    });
  });
}

async function update(
  session: GateSession,
  request: GateRequest,
  file: string,
  environment: Environment,
): Promise<number> {
  const { cases, backends, left } = await recordPast(request);
  for (const { id, reason } of left) session.say(`not in the baseline: ${id}: ${reason}`);
  const count = Object.keys(cases).length;
  if (count === 0) throw new GateStop("inconclusive", "no case was finished; --budget MINUTES gives it more");
  writeBaseline(file, {
    version: 1,
    commit: commitOf(environment),
    writtenUtc: new Date().toISOString(),
    fingerprint: fingerprintOf(environment, backends, packageRoot),
    made: madeWith(environment),
    cases,
  });
  process.stdout.write(`${shown(file)}: ${count} cases\n`);
  return EXIT.good;
}

function pastOf(session: GateSession, then: Baseline, file: string, environment: Environment): Past {
  return {
    admit(backends) {
      const now = fingerprintOf(environment, backends, packageRoot);
      const hard = differences(now.hard, then.fingerprint.hard);
      if (hard.length > 0)
        throw new GateStop(
          "inconclusive",
          `${file} is of another machine: ${hard.join("; ")}; --update measures this one`,
        );
      for (const soft of differences(now.soft, then.fingerprint.soft))
        session.say(`the machine is not quite as it was: ${soft}`);
    },
    ids: Object.keys(then.cases),
    timesOf: (id) => then.cases[id],
  };
}

function commitOf({ commit, dirty }: Environment): string {
  return `${commit ?? "unknown"}${dirty ? "-dirty" : ""}`;
}
