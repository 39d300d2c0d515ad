import type { Sample } from './statistics.ts';

/** One bar: how many times as fast as the peer, with the spread of the rounds. */
export interface Bar {
  readonly label: string;
  readonly ratio: Sample;
}

/** Bars under one heading. */
export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 760;
const LEFT = 300;
const RIGHT = 70;
const BAR = 14;
const ROW = 20;
const HEADING = 30;
const TOP = 56;

const style = `
    text { font: 12px system-ui, sans-serif; fill: #1f2328; }
    .title { font-size: 15px; font-weight: 600; }
    .heading { font-weight: 600; }
    .label { text-anchor: end; }
    .tick { text-anchor: middle; fill: #59636e; }
    .back { fill: #ffffff; }
    .grid { stroke: #d1d9e0; }
    .one { stroke: #1f2328; }
    .faster { fill: #2f81f7; }
    .slower { fill: #bc6c0c; }
    .spread { stroke: #1f2328; stroke-opacity: 0.65; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .tick { fill: #9198a1; }
      .back { fill: #0d1117; }
      .grid { stroke: #3d444d; }
      .one, .spread { stroke: #e6edf3; }
      .slower { fill: #d9842b; }
    }
`;

/** A bar chart of ratios as an SVG that is its own page: readable on light and on dark. 1, drawn as a line, is as fast as the peer. */
export function chartOf(title: string, groups: readonly BarGroup[]): string {
  const highest = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ ratio }) => ratio.max)));
  const step = stepFor(highest);
  const end = Math.ceil(highest / step) * step;
  const x = (value: number) => round(LEFT + (value / end) * (WIDTH - LEFT - RIGHT));
  const rows: string[] = [];
  let y = TOP;
  for (const { title: heading, bars } of groups) {
    rows.push(text(LEFT - 8, y + 18, { css: 'heading label', words: heading }));
    y += HEADING;
    for (const bar of bars) {
      rows.push(...barAt(y, { bar, x }));
      y += ROW;
    }
  }
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, index) => round(index * step));
  const height = y + 16;
  const grid = ticks.flatMap((tick) => [
    line({ x1: x(tick), y1: TOP, x2: x(tick), y2: y, css: 'grid' }),
    text(x(tick), TOP - 6, { css: 'tick', words: `${tick}×` }),
  ]);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="back" width="${WIDTH}" height="${height}"/>`,
    text(16, 24, { css: 'title', words: title }),
    ...grid,
    ...rows,
    line({ x1: x(1), y1: TOP, x2: x(1), y2: y, css: 'one' }),
    '</svg>',
  ].join('\n')}\n`;
}

function barAt(y: number, { bar, x }: { bar: Bar; x: (value: number) => number }): string[] {
  const { median, min, max } = bar.ratio;
  const middle = y + BAR / 2;
  return [
    text(LEFT - 8, y + 11, { css: 'label', words: bar.label }),
    `<rect class="${median < 1 ? 'slower' : 'faster'}" x="${LEFT}" y="${y}" width="${round(x(median) - LEFT)}" height="${BAR}"/>`,
    line({ x1: x(min), y1: middle, x2: x(max), y2: middle, css: 'spread' }),
    text(x(Math.max(max, 1)) + 6, y + 11, { css: 'value', words: `${median.toFixed(2)}×` }),
  ];
}

/** A round distance between ticks: at most ten of them. */
function stepFor(highest: number): number {
  return [0.25, 0.5, 1, 2, 5].find((step) => highest / step <= 10) ?? Math.ceil(highest / 10);
}

function line({ x1, y1, x2, y2, css }: { x1: number; y1: number; x2: number; y2: number; css: string }): string {
  return `<line class="${css}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

function text(x: number, y: number, { css, words }: { css: string; words: string }): string {
  return `<text class="${css}" x="${x}" y="${y}">${escapeXml(words)}</text>`;
}

/** So that any text may stand in an SVG, in an attribute too. */
export function escapeXml(words: string): string {
  const escapes: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return words.replaceAll(/[&<>"']/g, (sign) => escapes[sign] ?? sign);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
