import { fetchText, type TextAnswer } from './client.ts';

/** What a visitor sends beside the path. */
export interface Visit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Sent as `application/x-www-form-urlencoded`, by POST. */
  readonly form?: Readonly<Record<string, string>>;
  /** Sent as `multipart/form-data`, by POST, in the field `file`. */
  readonly file?: { readonly name: string; readonly bytes: Buffer; readonly fields: Readonly<Record<string, string>> };
}

/** A browser, as far as a test needs one: it keeps cookies, and sends forms and files. It follows no redirect. */
export interface Visitor {
  visit(path: string, visit?: Visit): Promise<TextAnswer>;
  readonly cookies: ReadonlyMap<string, string>;
}

const BOUNDARY = 'the-boundary-of-a-test';

/** `headers` go with each of its requests. */
export function newVisitor(url: string, headers: Readonly<Record<string, string>> = {}): Visitor {
  const cookies = new Map<string, string>();
  return {
    cookies,
    async visit(path, visit = {}) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const sent = sentBy(visit);
      const all = { ...headers, ...(cookie === '' ? {} : { Cookie: cookie }), ...sent.headers, ...visit.headers };
      const body = sent.body ?? visit.body;
      const method = visit.method ?? (body === undefined ? 'GET' : 'POST');
      const answer = await fetchText(url, { path, method, headers: all, ...(body === undefined ? {} : { body }) });
      for (const line of answer.headers['set-cookie'] ?? []) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        cookies.set(name, value);
      }
      return answer;
    },
  };
}

function sentBy({ form, file }: Visit): { headers: Record<string, string>; body?: string | Buffer } {
  if (form !== undefined) {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return { headers, body: new URLSearchParams(form).toString() };
  }
  if (file === undefined) return { headers: {} };
  const part = (disposition: string) => `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const fields = Object.entries(file.fields).map(([name, value]) => `${part(`name="${name}"`)}\r\n${value}\r\n`);
  const start = `${fields.join('')}${part(`name="file"; filename="${file.name}"`)}Content-Type: application/octet-stream\r\n\r\n`;
  return {
    headers: { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: Buffer.concat([Buffer.from(start), file.bytes, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]),
  };
}
