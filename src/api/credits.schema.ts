/** The balance of the upstream account. */
import { z } from 'zod';
import { creditsAnswer } from './files.schema.ts';

export const creditsSchema = z.object(creditsAnswer).meta({ id: 'Credits' });
export type Credits = z.infer<typeof creditsSchema>;
