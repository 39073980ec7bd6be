/** What `batch-video/client` gives. Its types are those of the service's own zod schemas. */
export type { AcceptedBatch, BatchResource, DryRun, Warning } from '../api/batches.schema.ts';
export type { Credits } from '../api/credits.schema.ts';
export type { FileResource, MessageAnswer } from '../api/files.schema.ts';
export type { ProblemError } from '../api/problem.schema.ts';
export type { UploadResource } from '../api/uploads.schema.ts';
export type {
  CreateOptions,
  FileFilter,
  BatchFilter,
  NewBatch,
  NewMessage,
  ResumeRequest,
  RetryRequest,
} from './batch-calls.ts';
export type { CallOptions } from './connection.ts';
export type { Content, ContentOptions } from './content.ts';
export { createClient, type Client, type ClientOptions } from './create-client.ts';
export type { Fetch, FetchAnswer, FetchInit } from './fetch.ts';
export type { LiveEvent } from './live-event.ts';
export type { Page, Pages } from './pages.ts';
export type { ReadEventsOptions } from './read-events.ts';
export { ServiceError, type Refusal } from './service-error.ts';
export { UnreachableError } from './unreachable-error.ts';
export type { UploadBytes, UploadOptions } from './upload-calls.ts';
export {
  verifyWebhook,
  WebhookError,
  type ReceivedWebhook,
  type VerifiedWebhook,
  type WebhookEvent,
} from './verify-webhook.ts';
export { WaitTimeoutError, type WaitOptions } from './wait-for-batch.ts';
