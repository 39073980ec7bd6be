/** The guides of docs/ as pages beside the reference: `/docs/guides/quick-start`. For people, and without a key, like the reference. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Marked } from 'marked';
import { z } from 'zod';
import type { Api } from './api.ts';
import { notFound } from './refused-error.ts';

/** In the order in which one reads them. */
export const guides = [
  { name: 'quick-start', title: 'Quick start' },
  { name: 'batches', title: 'The life of a batch' },
  { name: 'client', title: 'The client' },
  { name: 'errors', title: 'Errors' },
  { name: 'webhooks', title: 'Webhooks' },
  { name: 'events', title: 'Live events' },
  { name: 'credits', title: 'Credits and lanes' },
  { name: 'sandbox', title: 'Sandbox' },
  { name: 'operation', title: 'Operation' },
  { name: 'containers', title: 'Containers' },
  { name: 'redis', title: 'Redis' },
  { name: 'runbook', title: 'Runbook' },
] as const;

const folder = new URL('../../docs/', import.meta.url);
const style = `body{font:16px/1.6 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin-bottom:2rem}
pre{overflow-x:auto;padding:.8rem;border:1px solid;border-radius:.3rem}
table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border:1px solid;padding:.2rem .6rem;text-align:start;vertical-align:top}`;
const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-ancestors 'none'`;

const links = guides.map(({ name, title }) => `<a href="/docs/guides/${name}">${title}</a>`).join('\n');
const navigation = `<nav><a href="/docs/">Reference</a>\n${links}</nav>`;

const isGuide = (name: string): boolean => guides.some((guide) => guide.name === name);

/** A link to another guide leads to its page; one to a file of the sources leads nowhere here, so its words stay. */
const createMarked = async (): Promise<Marked> => {
  // Loaded when somebody reads: few starts are for that.
  const { Marked } = await import('marked');
  return new Marked({
    renderer: {
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        const [path = '', anchor] = href.split('#');
        if (/^https?:/.test(href)) return `<a href="${href}" rel="noreferrer">${text}</a>`;
        const name = path.replace(/\.md$/, '');
        if (!isGuide(name)) return text;
        return `<a href="/docs/guides/${name}${anchor === undefined ? '' : `#${anchor}`}">${text}</a>`;
      },
    },
  });
};

async function toPage(name: string, title: string): Promise<string> {
  const marked = await createMarked();
  const body = await marked.parse(await readFile(new URL(`${name}.md`, folder), 'utf8'));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} · batch-video</title><style>${style}</style></head><body>
${navigation}
<main>${body}</main></body></html>
`;
}

export function addGuideRoutes(app: Api): void {
  const pages = new Map<string, Promise<string>>();
  app.get(
    '/docs/guides/:name',
    { config: { public: true }, schema: { hide: true, params: z.object({ name: z.string() }) } },
    async ({ params }, reply) => {
      const guide = guides.find(({ name }) => name === params.name);
      if (guide === undefined) throw notFound('guide');
      const page = pages.get(guide.name) ?? toPage(guide.name, guide.title);
      pages.set(guide.name, page);
      return reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', pagePolicy)
        .send(await page);
    },
  );
}
