/** What the driver reports, when it does: later than the command that caused it, or never again once the device is lost. */
const ERROR_KINDS: readonly GPUErrorFilter[] = ["validation", "out-of-memory", "internal"];

export class DriverErrors {
  readonly #told: Promise<string | null>[] = [];
  #lost: string | undefined;
  #closed = false;

  constructor(readonly device: GPUDevice) {
    void this.device.lost.then((why) => {
      if (!this.#closed) this.#lost = `the GPU device was lost: ${why.message}`;
    });
  }

  /** Ends the device: from here on its loss is no error. */
  destroy(): void {
    this.#closed = true;
    this.device.destroy();
  }

  /** Whether the driver has given up: nothing will run here any more. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Throws what the driver said, if it has given up. */
  assertAlive(): void {
    if (this.#lost) throw new Error(this.#lost);
  }

  /**
   * Runs one synchronous command of the device. Its validation and memory errors come later, from the driver: the next `settle` or
   * `checked` throws them.
   */
  scoped<T>(what: string, command: () => T): T {
    for (const kind of ERROR_KINDS) this.device.pushErrorScope(kind);
    try {
      return command();
    } finally {
      for (const _ of ERROR_KINDS)
        this.#told.push(
          this.device.popErrorScope().then(
            (error) => error && `${what}: ${error.message.trim()}`,
            () => null, // a lost device says so itself
          ),
        );
    }
  }

  /** Throws what the driver said of the commands since the last time. */
  async settle(): Promise<void> {
    const told = await Promise.all(this.#told.splice(0));
    this.assertAlive();
    const error = told.find((message) => message !== null);
    if (error) throw new Error(error);
  }

  /** Runs `work` and turns validation, memory and internal errors of the device into one Error with Dawn's message. */
  async checked<T>(what: string, work: () => T | Promise<T>): Promise<T> {
    this.assertAlive();
    for (const kind of ERROR_KINDS) this.device.pushErrorScope(kind);
    let value: T | undefined;
    let thrown: unknown;
    try {
      value = await work();
    } catch (error) {
      thrown = error;
    }
    const found = await Promise.all(ERROR_KINDS.map(() => this.device.popErrorScope().catch(() => null)));
    await this.settle();
    const error = found.find((entry) => entry !== null);
    if (error) throw new Error(`${what}: ${error.message.trim()}`);
    if (thrown) throw thrown;
    return value as T;
  }
}
