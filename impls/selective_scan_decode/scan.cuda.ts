import { oneToken } from "../recurrence/one-token.js";
import { scanCuda as forward } from "../selective_scan/scan.cuda.js";
import { selectiveScanDecode } from "./operator.js";

export const scanCuda = oneToken(selectiveScanDecode, forward);
