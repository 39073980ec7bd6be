/** Loaded before a process of the service: it is of the next release, whose records this one does not know. */
import { registerHooks } from 'node:module';

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context);
    if (!url.endsWith('/src/shared/domain/file.ts')) return loaded;
    const text =
      typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source ?? undefined);
    const source = text.replace('recordVersion = 2', 'recordVersion = 3');
    if (!source.includes('recordVersion = 3')) throw new Error('the version of records was not found');
    return { ...loaded, source };
  },
});
