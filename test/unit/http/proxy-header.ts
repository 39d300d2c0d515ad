/** The parts of a header of version 2, right or wrong. */
export interface V2Parts {
  /** Default 2. */
  readonly version?: number;
  /** Default 1, PROXY. */
  readonly command?: number;
  /** The byte of family and transport. */
  readonly family: number;
  readonly addresses?: Buffer;
  /** What follows the addresses and counts in the length: TLVs. */
  readonly rest?: Buffer;
}

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** Writes a header of version 2. */
export function v2Header({ version = 2, command = 1, family, addresses, rest }: V2Parts): Buffer {
  const body = Buffer.concat([addresses ?? Buffer.alloc(0), rest ?? Buffer.alloc(0)]);
  const fixed = Buffer.from([(version << 4) | command, family, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([SIGNATURE, fixed, body]);
}
