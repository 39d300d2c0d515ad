import { expect } from 'chai';
import { LONGEST_OUTPUT } from '../../../src/ipc/messages.ts';
import { overhear } from '../../../src/worker/boot-output.ts';

describe('overhear', () => {
  it('tells what is written to standard output and error, as text and as bytes, the end of what is long, and nothing after the stop', () => {
    const told: string[] = [];
    const plain = Object.getOwnPropertyDescriptor(process, 'stderr');
    const output = overhear((text) => told.push(text));
    process.stderr.write('');
    process.stdout.write(Buffer.from('\r'));
    output.stop();
    process.stderr.write('');
    expect(told).to.deep.equal(['', '\r']);
    expect(Object.getOwnPropertyDescriptor(process, 'stderr')).to.deep.equal(plain);
    expect(LONGEST_OUTPUT).to.be.above(1_000);
  });

  it('leaves alone what stands in between by the time it stops', () => {
    const output = overhear(() => {});
    const { write } = process.stdout;
    const theirs = (text: string) => write.call(process.stdout, text);
    Reflect.set(process.stdout, 'write', theirs);
    output.stop();
    expect(process.stdout.write).to.equal(theirs);
    Reflect.deleteProperty(process.stdout, 'write');
  });
});
