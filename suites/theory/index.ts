/** The statements of the paper, in its order. */
import { section2 } from "./section-2.js";
import { section3 } from "./section-3.js";
import { section4 } from "./section-4.js";
import { section5 } from "./section-5.js";
import { section6 } from "./section-6.js";
import { section7 } from "./section-7.js";
import type { AnyStatement } from "./statement.js";

export const statements: readonly AnyStatement[] = [
  ...section2,
  ...section3,
  ...section4,
  ...section5,
  ...section6,
  ...section7,
];
