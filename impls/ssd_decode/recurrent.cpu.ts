import { oneToken } from "../recurrence/one-token.js";
import { recurrentCpu as forward } from "../ssd/recurrent.cpu.js";
import { ssdDecode } from "./operator.js";

export const recurrentCpu = oneToken(ssdDecode, forward);
