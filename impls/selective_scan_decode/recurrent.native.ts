import { oneToken } from "../recurrence/one-token.js";
import { recurrentNative as forward } from "../selective_scan/recurrent.native.js";
import { selectiveScanDecode } from "./operator.js";

export const recurrentNative = oneToken(selectiveScanDecode, forward);
