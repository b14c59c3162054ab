import { oneToken } from "../recurrence/one-token.js";
import { recurrentWasm as forward } from "../ssd/recurrent.wasm.js";
import { ssdDecode } from "./operator.js";

export const recurrentWasm = oneToken(ssdDecode, forward);
