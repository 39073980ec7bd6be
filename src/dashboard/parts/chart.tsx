/** Figures over time, by uPlot: drawn anew when they, the theme or the width change. What it shows is also said in words. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { isDark, language, theme } from '../data/settings.ts';

export interface Series {
  readonly label: string;
  /** A custom property of the style sheet. */
  readonly color: string;
  readonly values: readonly number[];
  /** Dashes tell lines apart without colours. */
  readonly dash?: readonly number[];
}

interface ChartProps {
  readonly label: string;
  readonly kind: 'bars' | 'lines';
  readonly series: readonly Series[];
  /** Seconds between two values; the last one is now. */
  readonly stepSeconds: number;
  readonly now: number;
}

const heightPx = 180;

const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function optionsOf({ kind, series, stepSeconds }: ChartProps, width: number): uPlot.Options {
  const axis = { stroke: css('--muted'), grid: { stroke: css('--line'), width: 1 }, ticks: { show: false } };
  const bars = kind === 'bars' ? uPlot.paths.bars?.({ size: [0.7, 28] }) : undefined;
  return {
    width,
    height: heightPx,
    legend: { show: false },
    cursor: { points: { show: kind === 'lines' }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: (_self, min, max) => [min - stepSeconds / 2, max + stepSeconds / 2] },
      y: { range: (_self, _min, max) => [0, Math.max(4, Math.ceil(max * 1.1))] },
    },
    axes: [
      { ...axis, grid: { show: false }, values: (_self, ticks) => ticks.map(clockOf), space: 70, size: 28 },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000] },
    ],
    series: [
      {},
      ...series.map((one) => ({
        label: one.label,
        stroke: css(one.color),
        width: kind === 'bars' ? 0 : 2,
        ...(kind === 'bars' ? { fill: css(one.color) } : {}),
        ...(one.dash === undefined ? {} : { dash: [...one.dash] }),
        ...(bars === undefined ? {} : { paths: bars }),
        points: { show: false },
      })),
    ],
    padding: [8, 20, 0, 0],
    ms: stepSeconds > 0 ? 1e-3 : 1,
  };
}

const clockOf = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

/** Bars are stacked by drawing the higher sum first. */
function dataOf({ kind, series, stepSeconds, now }: ChartProps): uPlot.AlignedData {
  const length = series[0]?.values.length ?? 0;
  const times = Array.from({ length }, (_, at) => Math.round(now / 1000) - (length - 1 - at) * stepSeconds);
  const stacked = series.map(({ values }, at) =>
    kind === 'lines'
      ? [...values]
      : values.map((value, index) => series.slice(at + 1).reduce((sum, one) => sum + (one.values[index] ?? 0), value)),
  );
  return [times, ...stacked];
}

export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const look = `${theme.value} ${language.value} ${isDark()} ${props.series.length} ${props.stepSeconds}`;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new uPlot(optionsOf(props, element.clientWidth), dataOf(props), element);
    chart.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: heightPx }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
    };
  }, [look]);
  useEffect(() => chart.current?.setData(dataOf(props)), [props.series, props.now]);
  return (
    <figure class="chart">
      <div ref={place} role="img" aria-label={props.label} />
      <figcaption class="legend">
        {props.series.map(({ label, color, dash }) => (
          <span key={label}>
            <span class={dash === undefined ? 'swatch' : 'swatch dashed'} style={{ background: `var(${color})` }} />
            {label}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
