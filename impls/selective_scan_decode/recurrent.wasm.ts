import { oneToken } from "../recurrence/one-token.js";
import { recurrentWasm as forward } from "../selective_scan/recurrent.wasm.js";
import { selectiveScanDecode } from "./operator.js";

export const recurrentWasm = oneToken(selectiveScanDecode, forward);
