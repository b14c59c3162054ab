import { oneToken } from "../recurrence/one-token.js";
import { recurrentWebgpu as forward } from "../ssd/recurrent.webgpu.js";
import { ssdDecode } from "./operator.js";

export const recurrentWebgpu = oneToken(ssdDecode, forward);
