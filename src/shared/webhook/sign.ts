/**
 * Signs what leaves, as Standard Webhooks ask for. While a secret is rotated its text holds the new and the old one,
 * separated by a blank, and both sign. Pure; a secret is never part of an error.
 */
import { Webhook } from 'standardwebhooks';

/** New and old: a third one would be a rotation that was never ended. */
const mostSecrets = 2;

export interface SignedParts {
  readonly id: string;
  readonly timestamp: Date;
  readonly body: string;
}

/** For the API's check at the door: `whsec_` (may be left out) and base64, or two of these. */
export function isWebhookSecret(secret: string): boolean {
  return toSigners(secret) !== null;
}

/** The value of `webhook-signature`: `v1,…` a secret, separated by blanks. Null: this text is no secret. */
export function signWebhook(secret: string, { id, timestamp, body }: SignedParts): string | null {
  const signers = toSigners(secret);
  return signers === null ? null : signers.map((signer) => signer.sign(id, timestamp, body)).join(' ');
}

function toSigners(secret: string): Webhook[] | null {
  const parts = secret.trim().split(/\s+/);
  if (parts.length > mostSecrets) return null;
  try {
    return parts.map((part) => new Webhook(part));
  } catch {
    return null; // the library's word for "not base64" or "empty"
  }
}
