/** Opens the client for one command and closes it after, however the command ended. */
import { createClient } from './client/create-client.ts';
import type { CliContext, ServiceContext } from './context.ts';

export async function withService<Result>(
  context: CliContext,
  options: { readonly url: string; readonly key?: string },
  work: (service: ServiceContext) => Promise<Result>,
): Promise<Result> {
  const client = createClient({ ...options, signal: context.interrupt.signal });
  try {
    return await work({ ...context, client });
  } finally {
    await client.close();
  }
}
