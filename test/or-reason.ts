/** An engine for tests, or the printed reason why they are skipped: what it needs is optional. */
import { EngineAbsent } from "../impls/engines/engine.js";

export async function orReason<E>(name: string, open: () => Promise<E>): Promise<E | undefined> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof EngineAbsent)) throw error;
    console.log(`tests of the ${name} engine are skipped: ${error.message}`);
    return undefined;
  }
}
