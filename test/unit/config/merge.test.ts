import { expect } from 'chai';
import { emptyLayer, type Layer } from '../../../src/config/layer.ts';
import { merge } from '../../../src/config/merge.ts';
import { settingNames } from '../../../src/config/settings/index.ts';
import fc from '../../support/random.ts';

function layer(source: string, values: Record<string, unknown>): Layer {
  return new Map(Object.entries(values).map(([name, value]) => [name, { value, source }]));
}

describe('merge', () => {
  it('gives every default where no layer says anything, and leaves out what has none', () => {
    const merged = merge([emptyLayer]);
    expect([...merged.keys()]).to.deep.equal(settingNames.filter((name) => name !== 'app'));
    expect(merged.get('workers')).to.deep.equal({ value: 1, source: 'default' });
  });

  it('replaces lists as a whole', () => {
    const merged = merge([layer('a', { bind: ['x:1', 'y:2'] }), layer('b', { bind: 'z:3' })]);
    expect(merged.get('bind')).to.deep.equal({ value: 'z:3', source: 'b' });
  });

  it('merges env by key, the higher layer over the lower one, and names both places', () => {
    const merged = merge([layer('a', { env: { A: '1', B: '1' } }), layer('b', { env: { B: '2', C: '2' } })]);
    expect(merged.get('env')).to.deep.equal({ value: { A: '1', B: '2', C: '2' }, source: 'a, b' });
  });

  it('keeps an env that is no object for validation to meet', () => {
    const merged = merge([layer('a', { env: 'A=1' }), layer('b', { env: { B: '2' } })]);
    expect(merged.get('env')).to.deep.equal({ value: 'A=1', source: 'a' });
  });

  it('takes every value from the highest layer that has it', () => {
    const name = fc.constantFrom(...settingNames.filter((candidate) => candidate !== 'env'));
    const layers = fc.array(fc.dictionary(name, fc.integer()), { maxLength: 5 });
    fc.assert(
      fc.property(layers, (dictionaries) => {
        const merged = merge(dictionaries.map((values, index) => layer(String(index), values)));
        for (const candidate of settingNames) {
          const index = dictionaries.findLastIndex((values) => Object.hasOwn(values, candidate));
          if (index >= 0) {
            expect(merged.get(candidate)).to.deep.equal({
              value: dictionaries[index]?.[candidate],
              source: String(index),
            });
          }
        }
      }),
    );
  });
});
