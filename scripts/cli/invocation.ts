/**
 * How a person starts a command here: by npm in this repository, by the installed program elsewhere.
 * @param running the command that runs now, where it tells of another
 */
export function invocationOf(command: string, running = command): string {
  const script = process.argv[1] ?? "";
  return process.env.npm_lifecycle_event === running || script.endsWith(`${running}.ts`)
    ? `npm run ${command} --`
    : `npx dualbench ${command}`;
}
