/**
 * Makes and reads the ids that callers see. An id never holds `:` (BullMQ splits its keys there) and always starts with
 * letters (BullMQ refuses bare numbers).
 */
import { v7 } from 'uuid';

/** UUID version 7: ids of one process sort by the time they were made. */
const hex = (): string => v7().replaceAll('-', '');

export const newBatchId = (): string => `bat_${hex()}`;
export const newUploadId = (): string => `upl_${hex()}`;
export const newTurnId = (): string => `trn_${hex()}`;
export const newDeliveryId = (): string => `dlv_${hex()}`;
export const newRequestId = (): string => `req_${hex()}`;

const batchIdForm = /^bat_[0-9a-f]{32}$/;
/** Base 36 without leading zeros, up to 60 million files. */
const fileIdForm = /^fil_([0-9a-f]{32})_(0|[1-9a-z][0-9a-z]{0,4})$/;

export function isBatchId(text: string): boolean {
  return batchIdForm.test(text);
}

/** Made of batch and index, so that 50,000 of them need no storage of their own. */
export function fileId(batchId: string, index: number): string {
  return `fil_${batchId.slice('bat_'.length)}_${index.toString(36)}`;
}

export function parseFileId(id: string): { batchId: string; index: number } | null {
  const [, batch, index] = fileIdForm.exec(id) ?? [];
  return batch === undefined || index === undefined ? null : { batchId: `bat_${batch}`, index: parseInt(index, 36) };
}
