import { dash, type Tone } from './tone.ts'

export interface Line {
  tone: Tone | 'ink'
  values: readonly (number | null)[]
  /** Fill the space under the line. */
  area?: boolean
}

interface Box {
  width: number
  height: number
  places: number
  atLeast: number
}

/** The paths of lines in a box. All lines share one scale, which begins at 0. */
export function sparkPaths(lines: readonly Line[], box: Box) {
  let top = box.atLeast
  for (const line of lines) for (const v of line.values) if (v !== null && v > top) top = v
  const stepX = box.width / Math.max(1, box.places - 1)
  const y = (v: number) => (box.height - 1 - (v / top) * (box.height - 3)).toFixed(1)
  return lines.map((line) => {
    const first = box.places - line.values.length
    const x = (i: number) => ((first + i) * stepX).toFixed(1)
    const runs = runsOf(line.values)
    // A value alone is a line without length, which the round ends make a dot.
    const stroke = runs
      .map((r) => `M${(r.length === 1 ? [...r, ...r] : r).map((p) => `${x(p.i)} ${y(p.v)}`).join('L')}`)
      .join('')
    const area = line.area
      ? runs
          .map((r) => {
            const from = r[0]
            const to = r.at(-1)
            if (!from || !to) return ''
            return `M${x(from.i)} ${box.height}L${r.map((p) => `${x(p.i)} ${y(p.v)}`).join('L')}L${x(to.i)} ${box.height}Z`
          })
          .join('')
      : ''
    const pattern = line.tone === 'redis' || line.tone === 'database' ? dash[line.tone] : []
    return { tone: line.tone, stroke, area, dash: pattern }
  })
}

// Values without a gap between them. A gap stays a gap: it is not 0.
function runsOf(values: readonly (number | null)[]): { i: number; v: number }[][] {
  const runs: { i: number; v: number }[][] = []
  let open: { i: number; v: number }[] | undefined
  values.forEach((v, i) => {
    if (v === null) {
      open = undefined
      return
    }
    if (!open) {
      open = []
      runs.push(open)
    }
    open.push({ i, v })
  })
  return runs
}
