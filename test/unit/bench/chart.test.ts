import { expect } from 'chai';
import { chartOf, escapeXml } from '../../../bench/chart.ts';

const bar = (label: string, median: number) => ({ label, ratio: { median, min: median - 0.1, max: median + 0.1 } });
const numberIn = (pattern: RegExp, text: string) => Number(pattern.exec(text)?.[1]);

describe('escapeXml', () => {
  it('leaves no sign that ends a text or an attribute', () => {
    expect(escapeXml(`<a b="c" d='e'> & </a>`)).to.equal('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt; &amp; &lt;/a&gt;');
    expect(escapeXml('16 KiB – ×')).to.equal('16 KiB – ×');
  });
});

describe('chartOf', () => {
  const chart = chartOf('Rates & ratios', [
    { title: 'Hello <world>', bars: [bar('a', 2), bar('b', 0.5)] },
    { title: 'JSON', bars: [bar('c', 1)] },
  ]);
  const bars = [...chart.matchAll(/<rect class="(\w+)" x="(\d+)" y="\d+" width="([\d.]+)"/g)];

  it('escapes every text', () => {
    expect(chart).to.contain('Rates &amp; ratios').and.to.contain('Hello &lt;world&gt;');
    expect(chart).not.to.contain('<world>');
  });

  it('draws a bar for each ratio, as long as the ratio says, and marks those below 1', () => {
    expect(bars.map(([, css]) => css)).to.deep.equal(['faster', 'slower', 'faster']);
    const [two, half, one] = bars.map(([, , , width]) => Number(width));
    expect(two).to.be.closeTo((one ?? 0) * 2, 0.05);
    expect(half).to.be.closeTo((one ?? 0) / 2, 0.05);
  });

  it('draws the line of 1 where a ratio of 1 ends', () => {
    const [, , left, width] = bars[2] ?? [];
    expect(numberIn(/class="one" x1="([\d.]+)"/, chart)).to.be.closeTo(Number(left) + Number(width), 0.05);
  });

  it('keeps all within its height and width', () => {
    const [height, width] = [numberIn(/ height="(\d+)"/, chart), numberIn(/ width="(\d+)"/, chart)];
    expect(Math.max(...[...chart.matchAll(/ y2?="(\d+)"/g)].map(([, y]) => Number(y)))).to.be.lessThan(height);
    expect(Math.max(...[...chart.matchAll(/ x2?="([\d.]+)"/g)].map(([, x]) => Number(x)))).to.be.lessThan(width);
  });

  it('has few ticks, however large the ratios are', () => {
    for (const median of [0.3, 3, 30, 300]) {
      const ticks = chartOf('', [{ title: '', bars: [bar('', median)] }]).match(/class="tick"/g) ?? [];
      expect(ticks.length, `${median}`).to.be.within(2, 12);
    }
  });

  it('has colours for a dark page', () => expect(chart).to.contain('prefers-color-scheme: dark'));
});
