/* How all charts look. Apart from the library itself, so that it does not come with the first page. */

/* Looks up a token: palette('--muted'). */
export type Palette = (token: string) => string;

export const axisLook = (p: Palette) => ({
  axisLine: { lineStyle: { color: p('--line-strong') } },
  axisTick: { show: false },
  axisLabel: { color: p('--muted'), fontSize: 12, hideOverlap: true },
  splitLine: { lineStyle: { color: p('--line') } },
});

export const tooltipLook = (p: Palette) => ({
  backgroundColor: p('--surface'),
  borderColor: p('--line'),
  borderWidth: 1,
  padding: [8, 12],
  textStyle: { color: p('--text'), fontSize: 12 },
  extraCssText: 'border-radius: 8px; box-shadow: var(--shadow); max-width: 320px; white-space: normal;',
  confine: true,
});

/* Diagonal lines: what is not finished yet. */
export function hatch(color: string): { image: HTMLCanvasElement; repeat: 'repeat' } {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 8;
  const g = canvas.getContext('2d');
  if (g) {
    g.strokeStyle = color;
    g.lineWidth = 1;
    for (const x of [-8, 0, 8]) {
      g.moveTo(x, 8);
      g.lineTo(x + 8, 0);
    }
    g.stroke();
  }
  return { image: canvas, repeat: 'repeat' };
}
