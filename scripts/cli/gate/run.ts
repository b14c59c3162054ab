/** `gate` against a base: trees, arms, verdict. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { implementationName } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { lockFolder } from "../../../reports/rows/lock.js";
import { NO_CLAIMS, readClaims } from "../../../suites/gate/checks/claims.js";
import type { Arm } from "../../../suites/gate/lab.js";
import { runGate } from "../../../suites/gate/run.js";
import {
  changedFiles,
  headOf,
  mergeBase,
  movedFiles,
  repositoryTop,
  untrackedFiles,
  usualBase,
} from "../../../suites/gate/trees/git.js";
import { builtInFiles, type Touched, touchedBy } from "../../../suites/gate/trees/touched.js";
import { gateFolder, makeTrees, PROGRAM, type Trees } from "../../../suites/gate/trees/trees.js";
import { filesAtBase, fromTop, reachedBy } from "../../../suites/gate/trees/user-files.js";
import { packageRoot } from "../../../suites/measure/environment.js";
import { usageError } from "../exit.js";
import { shellWord } from "../words.js";
import { installPackages } from "./install.js";
import { type GateOptions, gateInvocation, sameKernels } from "./options.js";
import { type GateSession, withSession } from "./session.js";

/** @returns the exit code. @throws Stop */
export async function gateAgainstBase(options: GateOptions, argv: readonly string[]): Promise<number> {
  return withSession(options, argv, async (session) => {
    const top = await repositoryTop(process.cwd());
    if (realpathSync(top) !== realpathSync(packageRoot) && options.impl.length === 0)
      throw usageError(
        "outside dualbench's own repository the gate takes --impl FILE, a module with your implementations",
      );
    const ref = options.base ?? (await usualBase(top));
    if (ref === undefined)
      throw usageError("--base REF is missing, and there is no origin/HEAD or main here");
    for (const file of session.files) fromTop(top, file);
    const commit = await mergeBase(top, ref);
    const unlock = lockFolder(gateFolder(top));
    let trees: Trees | undefined;
    try {
      session.say(`base ${commit.slice(0, 12)} (merge base of ${ref} and HEAD)`);
      trees = await makeTrees(top, commit, !session.onlyUser, installPackages, session.signal);
      if (trees.children) session.runProcesses(trees.children.head);
      return await compare(session, { top, ref, commit, trees });
    } finally {
      await trees?.remove();
      unlock();
    }
  });
}

interface Ground {
  readonly top: string;
  readonly ref: string;
  readonly commit: string;
  readonly trees: Trees;
}

async function compare(session: GateSession, ground: Ground): Promise<number> {
  const { options, files, onlyUser } = session;
  const { top, ref, commit, trees } = ground;
  const there = filesAtBase(top, trees.base, files, await movedFiles(top, commit));
  const arm = (name: Arm["name"], files: readonly string[]): Arm => ({
    name,
    tree: onlyUser ? undefined : trees[name],
    child: trees.children?.[name],
    files,
  });
  const touched = await touchedHere(session, ground);
  const selection = touched.all
    ? `every case, because ${touched.why}`
    : `cases of ${[...touched.names].join(", ")}: the change touches no others`;
  session.say(selection);
  const request = session.request({
    arms: { base: arm("base", [...new Set(there.values())]), head: arm("head", files) },
    follow: (file) => there.get(file),
    touched,
    claims: onlyUser ? NO_CLAIMS : readClaims(join(top, "reports", "baselines", "claims.json")),
    repeat: (id) => repeat(options, ref, id),
  });
  const result = await runGate(request);
  const head = await headOf(top, onlyUser ? reachedBy(top, files) : await untrackedFiles(top, ...PROGRAM));
  return session.publish(result, selection, top, {
    base: { name: ref, commit },
    head: {
      name: head.dirty ? "working tree" : "HEAD",
      commit: `${head.commit}${head.dirty ? "-dirty" : ""}`,
    },
  });
}

async function touchedHere(session: GateSession, { top, commit, trees }: Ground): Promise<Touched> {
  if (session.onlyUser) return { all: true, why: "--impl names what is gated" };
  if (session.options.all) return { all: true, why: "of --all" };
  const rooted = implementations.map(implementationName).map((name) => ({ name, files: builtInFiles(name) }));
  return touchedBy(await changedFiles(top, commit), [top, trees.base], rooted);
}

/** The command that repeats one case. */
function repeat(options: GateOptions, ref: string, id: string): string {
  const same = sameKernels(options);
  return [gateInvocation(), "--base", shellWord(ref), ...same, "--filter", shellWord(id)].join(" ");
}
