import { oneToken } from "../recurrence/one-token.js";
import { recurrentCuda as forward } from "../ssd/recurrent.cuda.js";
import { ssdDecode } from "./operator.js";

export const recurrentCuda = oneToken(ssdDecode, forward);
