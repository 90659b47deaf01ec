import type { Format } from '../../i18n/format.ts'
import { decades, type Measured, placeOf, scaleOf, spread } from './model.ts'
import { nameOf, sentenceOf } from './names.ts'
import type { CompareTexts } from './texts.ts'

// A slide's shape, twice as fine as it is shown. Always light: it goes onto paper and slides.
const width = 1200
const height = 675
const fine = 2
const paper = '#ffffff'
const text = '#12161c'
const muted = '#4f5a68'
const line = '#e2e6eb'
const colours = { local: '#24795a', redis: '#253395', database: '#a6550c' }

const left = 48
const right = width - 48

/** Draws a measurement: the sentence, the bars, the distribution, and what was measured where. */
export function pictureOf(m: Measured, t: CompareTexts, f: Format, conditions: string): Promise<Blob | null> {
  const canvas = document.createElement('canvas')
  canvas.width = width * fine
  canvas.height = height * fine
  const c = canvas.getContext('2d')
  if (!c) return Promise.resolve(null)
  c.scale(fine, fine)
  c.fillStyle = paper
  c.fillRect(0, 0, width, height)
  const write = write_(c)
  const y = write.wrapped(sentenceOf(m, t, f), left, 70, right - left, 26, text, 600, 34)
  const after = write.wrapped(conditions, left, y + 2, right - left, 14, muted, 400, 20)
  bars(c, write, m, t, f, after + 26)
  distribution(c, write, m, t, f, after + 74 + m.ways.length * 46)
  return new Promise((done) => canvas.toBlob(done, 'image/png'))
}

type Write = ReturnType<typeof write_>

function write_(c: CanvasRenderingContext2D) {
  const font = (size: number, weight: number) => {
    c.font = `${weight} ${size}px system-ui, sans-serif`
  }
  const plain = (
    s: string,
    x: number,
    y: number,
    size: number,
    fill: string,
    weight = 400,
    align: CanvasTextAlign = 'left',
  ) => {
    font(size, weight)
    c.fillStyle = fill
    c.textAlign = align
    c.fillText(s, x, y)
  }
  return {
    plain,
    /** Breaks a text where it does not fit, and returns where the next line would stand. */
    wrapped(
      s: string,
      x: number,
      y: number,
      room: number,
      size: number,
      fill: string,
      weight: number,
      step: number,
    ) {
      font(size, weight)
      let row = ''
      let at = y
      for (const word of s.split(' ')) {
        const longer = row ? `${row} ${word}` : word
        if (row && c.measureText(longer).width > room) {
          plain(row, x, at, size, fill, weight)
          at += step
          row = word
        } else {
          row = longer
        }
      }
      plain(row, x, at, size, fill, weight)
      return at + step
    },
  }
}

function bars(
  c: CanvasRenderingContext2D,
  write: Write,
  m: Measured,
  t: CompareTexts,
  f: Format,
  top: number,
) {
  write.plain(t.bars, left, top, 15, text, 600)
  const from = left + 170
  const room = right - from - 190
  const longest = scaleOf(m.ways)
  m.ways.forEach((way, i) => {
    const y = top + 22 + i * 46
    write.plain(nameOf(way, t), left, y + 19, 15, text)
    c.fillStyle = colours[way.tier]
    const end = from + Math.max(2, (way.p50 / longest) * room)
    c.fillRect(from, y + 2, end - from, 24)
    const cut = way.p99 > longest
    const far = from + Math.min(1, way.p99 / longest) * room
    c.fillRect(end, y + 13, Math.max(0, far - end), 2)
    if (cut) arrow(c, far, y + 14)
    else c.fillRect(far - 1, y + 7, 2, 14)
    write.plain(f.micros(way.p50), right - 100, y + 19, 16, text, 600, 'right')
    write.plain(t.p99(f.micros(way.p99)), right, y + 19, 13, muted, 400, 'right')
  })
}

// The whisker goes on beyond the picture.
function arrow(c: CanvasRenderingContext2D, x: number, y: number) {
  c.beginPath()
  c.moveTo(x + 6, y)
  c.lineTo(x - 3, y - 6)
  c.lineTo(x - 3, y + 6)
  c.fill()
}

function distribution(
  c: CanvasRenderingContext2D,
  write: Write,
  m: Measured,
  t: CompareTexts,
  f: Format,
  top: number,
) {
  const s = spread(m.ways)
  if (!s) return
  write.plain(`${t.distribution} · ${t.axis}`, left, top, 15, text, 600)
  const bottom = height - 52
  const begin = top + 16
  const rowHeight = (bottom - begin) / m.ways.length
  const room = right - left
  for (const us of decades(s)) {
    const x = left + placeOf(us, s) * room
    c.fillStyle = line
    c.fillRect(x, begin, 1, bottom - begin)
    write.plain(
      f.micros(us),
      x,
      bottom + 20,
      13,
      muted,
      400,
      x > right - 30 ? 'right' : x < left + 30 ? 'left' : 'center',
    )
  }
  m.ways.forEach((way, i) => {
    const ground = begin + rowHeight * (i + 1)
    const full = rowHeight - 26
    c.beginPath()
    c.moveTo(left, ground)
    s.shares[i]?.forEach((share, bin) => {
      const y = ground - (share / (s.tops[i] || 1)) * full
      c.lineTo(left + (bin / s.bins) * room, y)
      c.lineTo(left + ((bin + 1) / s.bins) * room, y)
    })
    c.lineTo(right, ground)
    c.closePath()
    c.globalAlpha = 0.16
    c.fillStyle = colours[way.tier]
    c.fill()
    c.globalAlpha = 1
    c.strokeStyle = colours[way.tier]
    c.lineWidth = 1.5
    c.stroke()
    write.plain(nameOf(way, t), left, ground - rowHeight + 18, 13, muted)
  })
}
