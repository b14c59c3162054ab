/** A template on awkward problems of its operator: lengths about a multiple of 64, groups, one of everything, each optional input. */
import { expect } from "vitest";
import type { Engine } from "../../../impls/engines/engine.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { awkwardProblems } from "../../../suites/problems/awkward.js";
import { localPlace } from "../../../suites/verify/evaluate.js";
import { complaints, conform, type Tally } from "../../suites/conformance.js";

const TRIED = /^(control|length (1|63|64|257)|everything 1|six heads.*|most states|with \w+|decay \w+)$/;

const DECLINED = /^(takes no (D|z|initialState|dtBias|documents)|takes logA .*|writes no documentStates)$/;

export async function mustConform(engine: Engine<unknown>, impl: AnyImplementation): Promise<void> {
  const place = localPlace(engine, engine.device.key);
  const tally: Tally = { ran: 0, declined: [] };
  for (const awkward of awkwardProblems(impl.operator))
    if (TRIED.test(awkward.title))
      expect(await conform({ impl, index: 0, place }, awkward, tally), awkward.title).toBe(undefined);
  expect(complaints(tally, { reason: DECLINED, leastShare: 0.5 })).toEqual([]);
}
