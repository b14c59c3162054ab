import { oneToken } from "../recurrence/one-token.js";
import { recurrentCpu as forward } from "../selective_scan/recurrent.cpu.js";
import { selectiveScanDecode } from "./operator.js";

export const recurrentCpu = oneToken(selectiveScanDecode, forward);
