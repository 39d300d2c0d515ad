/** What a refused message did wrong, so that a known difference can name it. */
export type Fault =
  | 'start of the request line'
  | 'bare CR'
  | 'bare LF'
  | 'limit'
  | 'empty lines'
  | 'request line'
  | 'version'
  | 'CONNECT'
  | 'target'
  | 'target *'
  | 'folded field'
  | 'field name'
  | 'field value'
  | 'Host missing'
  | 'Host twice'
  | 'Host'
  | 'Content-Length'
  | 'Content-Length twice'
  | 'Content-Length with Transfer-Encoding'
  | 'Content-Type twice'
  | 'Transfer-Encoding'
  | 'Transfer-Encoding in HTTP/1.0'
  | 'unknown coding'
  | 'expectation'
  | 'chunk size'
  | 'chunk extension'
  | 'end of a chunk'
  | 'trailer name';

/** The bytes end within a message. */
export class Waiting extends Error {
  override readonly name = 'Waiting';
}

/** No good message begins like this. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly fault: Fault;

  constructor(status: number, fault: Fault) {
    super(`${status}: ${fault}`);
    this.status = status;
    this.fault = fault;
  }
}

export function refuse(status: number, fault: Fault): never {
  throw new Refused(status, fault);
}
