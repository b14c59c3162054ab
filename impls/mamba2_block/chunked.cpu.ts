import { chunkedCpu as map } from "../ssd/chunked.cpu.js";
import { composed } from "./cpu/composed.js";

export const chunkedCpu = composed(map);
