import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useShared } from '../i18n/shared.ts'
import { useMedia } from '../lib/useMedia.ts'
import css from './Chart.module.css'
import type { ChartProps } from './Chart.tsx'
import { dash } from './tone.ts'

/** The canvas of a chart: loaded only where a chart is shown. */
export default function Plot(props: ChartProps) {
  const t = useShared()
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const [at, setAt] = useState<number | null>(null)
  const latest = useRef(props)
  latest.current = props
  const dark = useTheme()
  const { x, series, height = 220, log, logX, time, shape } = props
  const names = series.map((s) => `${s.tone}:${s.label}`).join('|')

  // Made anew when its form changes; new figures only move the lines.
  // biome-ignore lint/correctness/useExhaustiveDependencies: names and dark stand for what is read
  useLayoutEffect(() => {
    const host = box.current
    if (!host) return
    const made = new uPlot(options(host, latest.current, height, setAt), data(latest.current), host)
    plot.current = made
    const resize = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height }))
    resize.observe(host)
    return () => {
      resize.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [names, height, log, logX, time, shape, dark])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the figures are what changes
  useEffect(() => {
    plot.current?.setData(data(latest.current))
  }, [x, series])

  const step = (by: number) => {
    const p = plot.current
    if (!p || x.length === 0) return
    const next = Math.min(x.length - 1, Math.max(0, at === null ? x.length - 1 : at + by))
    p.setCursor({ left: p.valToPos(x[next] ?? 0, 'x'), top: p.bbox.height / devicePixelRatio / 2 })
    setAt(next)
  }
  const shown = at !== null && at < x.length ? at : null
  return (
    <div>
      <div
        ref={box}
        className={css.plot}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the cursor
        tabIndex={0}
        role="img"
        aria-label={`${props.title}. ${t.common.chartKeys}`}
        onKeyDown={(e) => {
          if (e.key !== 'ArrowLeft' && e.key !== 'ArrowRight') return
          e.preventDefault()
          step((e.key === 'ArrowLeft' ? -1 : 1) * (e.shiftKey ? 10 : 1))
        }}
      />
      <p className={css.readout}>
        <span>{shown === null ? '\u00a0' : props.formatX(x[shown] ?? 0)}</span>
        {series.map((s) => {
          const v = shown === null ? null : (s.values[shown] ?? null)
          return (
            <span key={s.label} className={css.reading}>
              <svg width="16" height="8" aria-hidden="true" className={css[s.tone]}>
                <line
                  x1="0"
                  x2="16"
                  y1="4"
                  y2="4"
                  className={css.sample}
                  strokeDasharray={dashOf(s.tone).join(' ') || undefined}
                />
              </svg>
              {s.label}
              {v !== null && <b>{props.formatY(v)}</b>}
            </span>
          )
        })}
      </p>
    </div>
  )
}

const dashOf = (tone: string) => (tone === 'redis' || tone === 'database' ? dash[tone] : [])

const data = (p: ChartProps): uPlot.AlignedData =>
  [[...p.x], ...p.series.map((s) => [...s.values])] as uPlot.AlignedData

// The canvas does not follow CSS by itself: it is drawn anew where the theme changes.
function useTheme(): string {
  const system = useMedia('(prefers-color-scheme: dark)')
  const [chosen, setChosen] = useState(() => document.documentElement.dataset.theme ?? '')
  useEffect(() => {
    const look = new MutationObserver(() => setChosen(document.documentElement.dataset.theme ?? ''))
    look.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => look.disconnect()
  }, [])
  return `${system}${chosen}`
}

function options(
  host: HTMLElement,
  p: ChartProps,
  height: number,
  moved: (at: number | null) => void,
): uPlot.Options {
  // A colour as the canvas wants it: a variable may hold light-dark(), which only CSS resolves.
  const probe = document.createElement('i')
  host.append(probe)
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const muted = colour('muted')
  const line = colour('line')
  const strokes = p.series.map((s) => colour(s.tone))
  probe.remove()
  const font = '11px system-ui, sans-serif'
  const axis = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { show: false } }
  return {
    width: host.clientWidth || 600,
    height,
    padding: [8, 72, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 } },
    scales: {
      x: { time: p.time ?? false, ...(p.logX && { distr: 3 as const }) },
      y: p.log ? { distr: 3 } : { range: (_u, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        values: (_u, ticks) => ticks.map((v) => (v === null ? '' : p.formatX(v))),
        space: 80,
      },
      {
        ...axis,
        values: (_u, ticks) => ticks.map((v) => (v === null ? '' : p.formatY(v))),
        size: 64,
        space: 36,
      },
    ],
    series: [
      {},
      ...p.series.map((s, i) => ({
        label: s.label,
        stroke: strokes[i] ?? muted,
        width: 1.5,
        dash: dashOf(s.tone),
        spanGaps: false,
        points: { show: false },
        ...(p.shape === 'bars' &&
          uPlot.paths.stepped && {
            paths: uPlot.paths.stepped({ align: -1 }),
            fill: alpha(strokes[i] ?? muted),
          }),
      })),
    ],
    hooks: {
      setCursor: [(u) => moved(u.cursor.idx ?? null)],
      draw: [(u) => label(u, p, strokes, font)],
    },
  }
}

const alpha = (rgb: string) => rgb.replace('rgb(', 'rgba(').replace(')', ', 0.12)')

// Names each line at its end, so that nobody has to look back and forth to a legend.
// Names that would lie on one another move apart.
function label(u: uPlot, p: ChartProps, strokes: string[], font: string) {
  if (p.shape === 'bars') return
  const ratio = devicePixelRatio
  const ends: { y: number; x: number; i: number }[] = []
  p.series.forEach((s, i) => {
    const last = s.values.findLastIndex((v) => v !== null)
    const v = s.values[last]
    if (v === null || v === undefined) return
    ends.push({ i, x: u.valToPos(p.x[last] ?? 0, 'x', true), y: u.valToPos(v, 'y', true) })
  })
  ends.sort((a, b) => a.y - b.y)
  let free = -Infinity
  const { ctx } = u
  ctx.save()
  ctx.font = font.replace('11px', `${11 * ratio}px`)
  ctx.textBaseline = 'middle'
  for (const end of ends) {
    const y = Math.max(end.y, free)
    free = y + 14 * ratio
    ctx.fillStyle = strokes[end.i] ?? ''
    ctx.fillText(p.series[end.i]?.label ?? '', u.bbox.left + u.bbox.width + 6 * ratio, y)
  }
  ctx.restore()
}
