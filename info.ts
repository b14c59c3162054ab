import { open } from "./impls/engines/webgpu.js";
const e: any = await open(undefined, { named: true } as any);
console.log(e.device, e.matrixShapes, e.subgroupSize, e.gpu.adapter.info);
process.exit(0)
