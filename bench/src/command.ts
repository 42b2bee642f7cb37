import { messageOf, UserError } from '@resizer-lab/base';

/** Runs a command; of a failure that is the user's to mend, tells the reason alone. Sets the exit code. */
export async function command(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const known =
      error instanceof UserError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    process.stderr.write(`${known ? messageOf(error) : ((error as Error).stack ?? String(error))}\n`);
    process.exitCode = error instanceof UserError ? error.exitCode : known ? 2 : 1;
  }
}
