import { expect } from 'chai';
import { defineConfig } from '../../../src/index.ts';

describe('defineConfig', () => {
  it('hands back what it gets', () => {
    const config = { workers: 2, bind: 'a:1', socketMode: '0660', pidFile: undefined };
    const make = async () => config;
    expect(defineConfig(config)).to.equal(config);
    expect(defineConfig(make)).to.equal(make);
  });
});
