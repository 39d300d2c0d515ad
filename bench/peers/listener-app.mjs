// The application of every server that speaks (request, response).
import { HELLO, LARGE, PIECE, PIECES, person } from './payload.mjs';

export default function listener(request, response) {
  switch (request.url) {
    case '/':
      response.setHeader('Content-Type', 'text/plain; charset=utf-8');
      return response.end(HELLO);
    case '/json':
      response.setHeader('Content-Type', 'application/json');
      return response.end(JSON.stringify(person()));
    case '/large':
      response.setHeader('Content-Type', 'application/octet-stream');
      return response.end(LARGE);
    case '/stream':
      response.setHeader('Content-Type', 'application/octet-stream');
      for (let piece = 0; piece < PIECES; piece += 1) response.write(PIECE);
      return response.end();
    case '/echo':
      return echo(request, response);
    default:
      response.statusCode = 404;
      return response.end('not found\n');
  }
}

function echo(request, response) {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    response.setHeader('Content-Type', 'application/octet-stream');
    response.end(Buffer.concat(pieces));
  });
}
