/**
 * Searches that try to exceed a bound: hill climbing over the inputs for a given arithmetic, and over the signs of all roundings for the
 * worst one. The same seed makes the same search.
 */
import type { Rounding } from "../../impls/bound.js";
import { type Arithmetic, nearest, rounding, Worst } from "./arithmetic.js";
import { type Judge, judge } from "./judge.js";
import type { Drawn, Random, Subject } from "./subject.js";

/** What a search came to. */
export interface Reached {
  /** The largest error over the certified bound. */
  readonly ratio: number;
  /** Share of elements that the bound was claimed of, over all problems. */
  readonly claimed: number;
}

/** A plain linear congruential generator. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Search {
  readonly subject: Subject;
  /** Bits of a significand: inputs have no more, and the bound is that of u = 2^-bits. */
  readonly bits: number;
  readonly seed: number;
  /** Problems that are begun with. */
  readonly starts: number;
  /** Changes of one input that are tried on each. */
  readonly changes: number;
  /** Beside roundoff and longest sum. */
  readonly declared?: Partial<Rounding>;
}

/** An arithmetic's largest ratio. */
export function climbInputs(search: Search, arithmetic: Arithmetic = nearest(search.bits)): Reached {
  return climb(search, (judged, values, problem) =>
    judged.worst(search.subject.run(arithmetic, problem, values)),
  );
}

/** The largest ratio that roundings of any signs reach, each as large as the derivation grants it. @param u their size */
export function climbSigns(search: Search, u = 2 ** -search.bits): Reached {
  const { subject } = search;
  return climb(search, (judged, values, problem) => {
    const counted = new Worst(u, new Int8Array());
    let most = judged.worst(subject.run(counted, problem, values));
    const arithmetic = new Worst(u, new Int8Array(counted.results).fill(1));
    const { signs } = arithmetic;
    for (let i = 0; i < signs.length; i++) {
      signs[i] = -1;
      arithmetic.results = 0;
      const ratio = judged.worst(subject.run(arithmetic, problem, values));
      if (ratio > most) most = ratio;
      else signs[i] = 1;
    }
    return most;
  });
}

type Measure = (judged: Judge, values: Drawn, problem: ReturnType<Subject["problem"]>) => number;

function climb({ subject, bits, seed, starts, changes, declared }: Search, measure: Measure): Reached {
  const random = seeded(seed);
  const u = 2 ** -bits;
  const round = rounding(bits);
  const drawn = (name: string) => round(subject.draw(name, random, u));
  const declaration: Rounding = {
    ...{ accumulate: u, storage: 0, roundings: 0, longestSum: subject.longestSum, decay: "segsum" },
    ...declared,
  };
  const names = Object.keys(subject.sizes);
  let [ratio, claimed, elements] = [0, 0, 0];
  const ratioOf = (values: Drawn) => {
    const judged = judge(subject, values, declaration);
    claimed += judged.claimed;
    elements += judged.elements;
    return measure(judged, values, subject.problem(values));
  };
  for (let start = 0; start < starts; start++) {
    const values = Object.fromEntries(
      names.map((name) => [name, Float64Array.from({ length: subject.sizes[name] }, () => drawn(name))]),
    );
    let best = ratioOf(values);
    for (let change = 0; change < changes; change++) {
      const name = names[Math.floor(random() * names.length)];
      const at = Math.floor(random() * subject.sizes[name]);
      const before = values[name][at];
      values[name][at] = drawn(name);
      const now = ratioOf(values);
      if (now >= best) best = now;
      else values[name][at] = before;
    }
    ratio = Math.max(ratio, best);
  }
  return { ratio, claimed: claimed / elements };
}
