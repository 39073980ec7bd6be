/** All the bytes of an answer as text; null: there are more of them than allowed. */
import type { Answer } from './answer.ts';

export async function readText(answer: Answer, maxBytes = Number.POSITIVE_INFINITY): Promise<string | null> {
  const decoder = new TextDecoder();
  let [text, bytes] = ['', 0];
  for await (const chunk of answer.bytes) {
    bytes += chunk.length;
    if (bytes > maxBytes) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
