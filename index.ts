/**
 * dualbench as a library. The command line does the same things: `dualbench bench`, `dualbench verify`.
 *
 * - run suites and get rows: `runSuite`
 * - hold an implementation of your own against the float64 reference: `implementation`, `verifyImplementation`
 * - read the rows of an earlier run: `readRows`, `readRun`; draw them: `publish`
 */

export { attention } from "./impls/attention/index.js";
export { f32Rounding, type ProductSums, ROUNDOFF, type Rounding } from "./impls/bound.js";
export { convolution } from "./impls/convolution/index.js";
export { givenDocuments, packedDocuments } from "./impls/documents.js";
export { type Engine, EngineAbsent } from "./impls/engines/engine.js";
export { type EngineEntry, type Engines, engines } from "./impls/engines/index.js";
export {
  type AnyImplementation,
  type Form,
  type Implementation,
  implementation,
  implementationName,
} from "./impls/implementation.js";
export { implementations, operators } from "./impls/index.js";
export { maskedAttention } from "./impls/masked_attention/index.js";
export { HOPPER, type MatrixUnit, NVIDIA, UNSPECIFIED } from "./impls/matrix-unit.js";
export {
  type AnyOperator,
  givenProblem,
  type Operator,
  type Outputs,
  type Problem,
  randomProblem,
} from "./impls/operator.js";
export type { Options, Prepared } from "./impls/prepared.js";
export { selectiveScan } from "./impls/selective_scan/index.js";
export { ssd } from "./impls/ssd/index.js";
export type { PublishOptions } from "./reports/publish/options.js";
export { publish } from "./reports/publish.js";
export { StoreError } from "./reports/rows/errors.js";
export type {
  CaseRecord,
  Failed,
  Measured,
  Rejected,
  Row,
  RunRecord,
  Sample,
  Skipped,
} from "./reports/rows/row.js";
export { readRows, readRun } from "./reports/rows/store.js";
export { suites } from "./suites/index.js";
export {
  planSuite,
  type RunSuiteOptions,
  runSuite,
  type SuiteRun,
  type Verification,
  type VerifyImplementationOptions,
  verifyImplementation,
} from "./suites/library.js";
export type { Curve, Grid, Suite } from "./suites/suite.js";
