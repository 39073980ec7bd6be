/** Reads the reply of both ways of uploading. A file that is missing in it is left for the caller to notice. */
import { fieldsOf, firstNumber, firstText, isFields, secondsToMs, textField } from './reply-fields.ts';
import type { UploadedMedia, UploadReply } from './types.ts';

/** Null where the reply names no list of files at all, and does not say success either. */
export function readUploadReply(json: unknown): UploadReply | null {
  const body = fieldsOf(json);
  const data = fieldsOf(body['data'] ?? json);
  const lists = [data['files'], data['uploaded_files'], body['data']].filter((value) => Array.isArray(value));
  const list = lists.find((value) => value.length > 0) ?? lists[0];
  const saysSuccess = 'code' in body || body['success'] === true;
  if (list === undefined && !saysSuccess) return null;
  return { media: (list ?? []).map((item) => readMedia(item)), applied: !isNo(data['session_state_applied']) };
}

function readMedia(value: unknown): UploadedMedia {
  if (!isFields(value))
    return { name: null, url: textField.parse(value ?? null), durationMs: null, width: null, height: null };
  return {
    name: firstText(value, ['filename', 'file_name', 'name']),
    url: firstText(value, ['cdn_url', 'url', 'file_url']),
    durationMs: secondsToMs(firstNumber(value, ['duration'])),
    width: firstNumber(value, ['width']),
    height: firstNumber(value, ['height']),
  };
}

function isNo(value: unknown): boolean {
  return value === false || value === 'false';
}
