import { messageOf, UserError } from '@resizer-lab/base';

// What a command started is ended as its process exits, which a signal alone would not let it do.
for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 })) {
  process.once(signal, () => process.exit(128 + number));
}

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
