/** What a form of the report leaves: lines for the terminal, files, and whether something is missing in them. */
export interface Written {
  readonly lines: readonly string[];
  readonly files: readonly string[];
  /** A chart that could not be drawn, or a record that could not be read: exit code 2. */
  readonly incomplete: boolean;
  /** What `--markdown` writes. */
  markdown(): string;
}
