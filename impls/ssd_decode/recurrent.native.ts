import { oneToken } from "../recurrence/one-token.js";
import { recurrentNative as forward } from "../ssd/recurrent.native.js";
import { ssdDecode } from "./operator.js";

export const recurrentNative = oneToken(ssdDecode, forward);
