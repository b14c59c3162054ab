import { recurrentCpu as map } from "../ssd/recurrent.cpu.js";
import { composed } from "./cpu/composed.js";

export const recurrentCpu = composed(map);
