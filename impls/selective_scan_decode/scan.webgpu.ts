import { oneToken } from "../recurrence/one-token.js";
import { scanWebgpu as forward } from "../selective_scan/scan.webgpu.js";
import { selectiveScanDecode } from "./operator.js";

export const scanWebgpu = {
  ...oneToken(selectiveScanDecode, forward),
  // one token is no time that could be split
  options: () => [{ make: "walk" }],
};
