/** Opens the client for one command and closes it after, however the command ended. */
import type { CliContext, ServiceContext } from './context.ts';
import { openClient } from './open-client.ts';

export async function withService<Result>(
  context: CliContext,
  options: { readonly url: string; readonly key?: string },
  work: (service: ServiceContext) => Promise<Result>,
): Promise<Result> {
  const client = openClient({ ...options, signal: context.interrupt.signal });
  try {
    return await work({ ...context, client });
  } finally {
    await client.close();
  }
}
