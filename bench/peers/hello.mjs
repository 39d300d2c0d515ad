// The listener that every server of a comparison runs.
export default function hello(_request, response) {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end('hello world\n');
}
