/** What the engine needs from where it runs. */
import type { Simd } from "../simd.js";

/** A compiled kernel. `hash` covers the sources, the compiler and its flags: it goes into the row. */
export interface Kernel {
  readonly name: string;
  readonly simd: Simd;
  readonly hash: string;
  readonly module: WebAssembly.Module;
}

/** What a thread of the pool is given when it starts. */
export interface Job {
  /** The control block that it shares with the pool. */
  readonly control: SharedArrayBuffer;
  /** 1 for the first thread beside the main one. */
  readonly index: number;
  readonly spinMs: number;
  /** Places in the control block. */
  readonly word: Readonly<Record<string, number>>;
}

/** One thread of the pool. */
export interface Hand {
  send(mail: object): void;
  end(): unknown;
}

export interface Place {
  /** The processor, as far as this place tells. */
  readonly cpu: string;
  /** For the row: versions of what runs the code. */
  readonly details: Readonly<Record<string, string>>;
  /** Where answers of measured searches are kept, if this place keeps any. */
  readonly choices: URL;
  /** The compiled module of one `.as.ts` source. */
  loadKernel(source: URL, simd?: Simd): Promise<Kernel>;
  hire(job: Job): Hand;
}
