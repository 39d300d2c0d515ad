/** Of bytes that are lent for a call only. */
export function ownedCopy(bytes: Buffer, from: number, to: number): Uint8Array {
  return Buffer.from(bytes.subarray(from, to));
}
