/* The one place that knows the chart library: the parts in use, the shared look, and a handle without its types. */
import { BarChart, LineChart, ScatterChart } from 'echarts/charts';
import { AriaComponent, GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { init, use, type EChartsCoreOption } from 'echarts/core';
import { LabelLayout } from 'echarts/features';
import { CanvasRenderer } from 'echarts/renderers';
import type { Palette } from './look';

use([
  BarChart,
  LineChart,
  ScatterChart,
  GridComponent,
  TooltipComponent,
  MarkAreaComponent,
  MarkLineComponent,
  AriaComponent,
  LabelLayout,
  CanvasRenderer,
]);

export type ChartOption = EChartsCoreOption;

export interface ChartHandle {
  show(option: (palette: Palette) => ChartOption): void;
  /* the picture as it is, as the address of an image */
  png(): string;
  dispose(): void;
}

export function create(box: HTMLElement, pick: (value: unknown) => void): ChartHandle {
  const chart = init(box, null, { renderer: 'canvas' });
  const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  chart.on('click', (e) => pick(e.data));
  const watcher = new ResizeObserver(() => chart.resize());
  watcher.observe(box);
  return {
    show(option) {
      const style = getComputedStyle(document.documentElement);
      const palette: Palette = (token) => style.getPropertyValue(token).trim();
      chart.setOption(
        {
          animation: !still,
          animationDuration: 120,
          animationDurationUpdate: 120,
          textStyle: { fontFamily: style.getPropertyValue('--font'), fontSize: 12, color: palette('--muted') },
          ...option(palette),
        },
        { notMerge: true },
      );
    },
    png() {
      const style = getComputedStyle(document.documentElement);
      return chart.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: style.getPropertyValue('--surface').trim() });
    },
    dispose() {
      watcher.disconnect();
      chart.dispose();
    },
  };
}
