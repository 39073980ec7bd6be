/**
 * What is stored of a file that has ended: its progress deflated, as most of it is the names of its fields. A file at work
 * is not packed: it is saved ten times, and is kept for minutes, not for days.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/**
 * What such a text is likely to hold, the likeliest last. It belongs to version 2 of a record: texts that were packed with it are
 * read with it alone, so a change is a new version.
 */
const usual =
  '"state":{"status":"canceled","finishedAt":1{"status":"failed","error":{"code":"edit_not_applied","step":"edit","message":"","upstreamCode":null},' +
  '"at":{"status":"editing","place":"in","due":1,"wait":null,"tally":null,"crashes":0,"turn":null,"settle":null,"lookFirst":false},"finishedAt":1' +
  '"error":{"code":"edit_unconfirmed","message":"","type":"audio","label":"Audio","type":"text","label":"Text","instruction":1,"sessionId":null,' +
  '{"step":"deliver","instruction":null,"kept":{"ownAssets":[],"lane":0,"laneHeld":false,"finishedAt":null,{"v":2,"run":6,"session":{"id":"5",' +
  '"taskId":"t","account":"tok_","paid":true},"lane":null,"laneHeld":false,"uploaded":1,"applied":1,"settled":"","restarts":0,"paidSessions":1,' +
  '"draftStored":true,"timeline":{"summary":"Timeline (1 track): 1. Video: ","tracks":[{"type":"video","label":"Video","name":"","durationMs":' +
  ',"volumePercent":null,"segments":1}]},"steps":[{"step":"upload","instruction":null,"sessionId":"","attempts":1,"startedAt":179,"finishedAt":179},' +
  '{"step":"edit","instruction":0,"sessionId":"","attempts":1,"startedAt":179,"finishedAt":179,"reply":"","change":"Timeline (1 track): 1. Video: "},' +
  '{"step":"render","instruction":null,"sessionId":"","attempts":1,"startedAt":179,"finishedAt":179,"renderId":"render_179"}],"startedAt":179,' +
  '"kept":null,"ownInstructions":null,"ownAssets":null,"state":{"status":"completed","output":{"url":"https://","renderId":"render_179",' +
  '"durationMs":,"bytes":},"finishedAt":179}}';
/** A window as large as it must be: a stream of the usual one takes 256 KB, for a text of one. */
const options = { dictionary: Buffer.from(usual), windowBits: 13, memLevel: 6 };

/** Still JSON, and its version still first, as scripts and older releases look for it there. */
export const pack = (version: number, text: string): string =>
  `{"v":${version},"z":"${deflateRawSync(text, options).toString('base64')}"}`;

/** What is not packed comes back as it is. */
export function unpack(stored: unknown): unknown {
  if (typeof stored !== 'object' || stored === null || !('z' in stored) || typeof stored.z !== 'string') return stored;
  return JSON.parse(inflateRawSync(Buffer.from(stored.z, 'base64'), options).toString('utf8'));
}
