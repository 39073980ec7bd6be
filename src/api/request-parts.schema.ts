/**
 * Parts that several requests are made of. Strict: an unknown key is a typing error that would otherwise be paid for.
 * What needs more than the text to judge (does the upload exist, is the host private) is not judged here.
 */
import { z } from 'zod';

export const maxInstructions = 100;
/** An instruction goes upstream verbatim as one chat message. */
const maxInstructionChars = 5000;
const maxUrlChars = 4096;
const maxNameChars = 255;
/** Per batch and per file; the body as a whole has its own limit. */
const maxMetadataBytes = 16_384;

/** Would break a log line, a header or the sentence of a lane that names the file. */
const controlCharacters = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** One line of text for people. */
export const lineText = (maxChars: number) =>
  z
    .string()
    .min(1)
    .max(maxChars)
    .refine((text) => text.trim() !== '', 'must not be blank')
    .refine((text) => !controlCharacters.test(text), 'must not have control characters or line breaks');

export const urlText = z.string().min(1).max(maxUrlChars);
export const fileName = lineText(maxNameChars).refine((name) => !/[/\\]/.test(name), 'must not have a slash');
export const customId = lineText(maxNameChars);

export const instruction = z
  .string()
  .min(1)
  .max(maxInstructionChars)
  .refine((text) => text.trim() !== '', 'must not be blank');
export const instructionList = z.array(instruction).max(maxInstructions);

/** Exactly one of the three; which is checked together with what it refers to, so that both faults show at once. */
export const sourceRequest = z
  .strictObject({
    url: urlText.optional().describe('Fetched by the upstream itself.'),
    upload_id: z.string().min(1).max(100).optional().describe('Of `POST /uploads`.'),
    path: z.string().min(1).max(4096).optional().describe('A file below MEDIA_ROOT of the service.'),
  })
  .meta({ id: 'Source', description: 'Exactly one of `url`, `upload_id` and `path`.' });
export const assetList = z.array(sourceRequest).max(20);

export const metadata = z
  .record(z.string().max(200), z.unknown())
  .refine(
    (value) => Buffer.byteLength(JSON.stringify(value)) <= maxMetadataBytes,
    `must be ${maxMetadataBytes} bytes or fewer`,
  );

const minSecretBytes = 24;
const maxSecretBytes = 64;

/** Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes; two, with a blank between, while one is rotated. */
export const webhookSecret = z
  .string()
  .refine((text) => text.split(' ').length <= 2 && text.split(' ').every(isWebhookSecret), {
    error: `must be whsec_ and the base64 of ${minSecretBytes} to ${maxSecretBytes} bytes`,
    params: { code: 'invalid_secret' },
  });

function isWebhookSecret(text: string): boolean {
  const encoded = /^whsec_([A-Za-z0-9+/]{1,100}={0,2})$/.exec(text)?.[1];
  if (encoded === undefined) return false;
  const bytes = Buffer.from(encoded, 'base64');
  const same = bytes.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '');
  return same && bytes.length >= minSecretBytes && bytes.length <= maxSecretBytes;
}
