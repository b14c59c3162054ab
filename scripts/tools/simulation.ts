/**
 * How near simulated arithmetics come to the certified bounds (suites/simulation/README.md): the largest error over the bound that a search
 * finds, with every operation rounded to so many bits, and with every operation off by all that the derivations grant it.
 * Run: node --import tsx scripts/tools/simulation.ts [SEED]
 */
import { HOPPER, NVIDIA, UNSPECIFIED } from "../../impls/matrix-unit.js";
import { climbInputs, climbSigns } from "../../suites/simulation/climb.js";
import { chunked } from "../../suites/simulation/forms/ssd.js";
import { onMatrixUnit } from "../../suites/simulation/matrix-unit.js";
import { ssdSubject } from "../../suites/simulation/subjects/recurrences.js";
import { subjects } from "../../suites/simulation/subjects.js";

const seed = Number(process.argv[2] ?? 0);
/** Bits and tokens: what the bound is claimed of depends on both. */
const PRECISIONS = [
  [8, 6],
  [9, 8],
  [10, 12],
  [11, 16],
] as const;

console.log(`seed ${seed}; error / certified bound, at most 1`);
console.log(`${"".padEnd(26)}${PRECISIONS.map(([bits]) => `${bits} bits`.padStart(9)).join("")}    worst`);
for (const [i, { name }] of subjects(1).entries()) {
  const nearest = PRECISIONS.map(([bits, length]) => {
    const { ratio } = climbInputs({ subject: subjects(length)[i], bits, seed, starts: 8, changes: 200 });
    return ratio.toFixed(3).padStart(9);
  });
  const worst = climbSigns({ subject: subjects(8)[i], bits: 11, seed, starts: 4, changes: 20 });
  console.log(`${name.padEnd(26)}${nearest.join("")}${worst.ratio.toFixed(3).padStart(9)}`);
}

console.log("\nssd/chunked with products on a matrix unit of 11 bits, state 16, 8 tokens in one chunk");
for (const [name, known] of Object.entries({ HOPPER, NVIDIA, UNSPECIFIED })) {
  const unit = { ...known, bits: 11 };
  const subject = ssdSubject("chunked", chunked(8), 8, 8, 16);
  const declared = { products: { unit, terms: 16 } };
  const search = { subject, bits: 11, seed, starts: 8, changes: 200, declared };
  console.log(`${name.padEnd(26)}${climbInputs(search, onMatrixUnit(unit)).ratio.toFixed(3).padStart(9)}`);
}
