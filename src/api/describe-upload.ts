/**
 * What a file is sent as, for the OpenAPI document: a body that is streamed has no zod schema, and generated clients
 * would not know that there is one. Pure.
 */
const bytes = { type: 'string', format: 'binary' } as const;
const uploadBody = {
  content: {
    'application/octet-stream': { schema: bytes },
    'multipart/form-data': { schema: { type: 'object', properties: { file: bytes }, required: ['file'] } },
  },
};

/** `described` as it is for every other route. */
export function describeUpload<Described extends { readonly url: string; readonly schema: object }>(
  described: Described,
): Described {
  return described.url === '/uploads' ? { ...described, schema: { ...described.schema, body: uploadBody } } : described;
}
