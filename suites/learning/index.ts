/** The suites that train. They run when `--suite` names them, and alone. */
import { hybrid } from "./hybrid-suite.js";
import type { LearningSuite } from "./learning-suite.js";
import { mqar } from "./mqar-suite.js";

export const learningSuites: readonly LearningSuite[] = [mqar, hybrid];
