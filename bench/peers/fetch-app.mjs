// The application of every server that speaks fetch.
import { HELLO, LARGE, PIECE, PIECES, person } from './payload.mjs';

function stream() {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent === PIECES) return controller.close();
      sent += 1;
      controller.enqueue(PIECE);
    },
  });
}

async function echo(request) {
  return new Response(await request.arrayBuffer(), { headers: { 'Content-Type': 'application/octet-stream' } });
}

export default {
  fetch(request) {
    const { url } = request;
    switch (url.slice(url.indexOf('/', 8))) {
      case '/':
        return new Response(HELLO, { headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
      case '/json':
        return Response.json(person());
      case '/large':
        return new Response(LARGE, { headers: { 'Content-Type': 'application/octet-stream' } });
      case '/stream':
        return new Response(stream(), { headers: { 'Content-Type': 'application/octet-stream' } });
      case '/echo':
        return echo(request);
      default:
        return new Response('not found\n', { status: 404 });
    }
  },
};
