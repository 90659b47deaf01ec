// Checks what a visitor loads against the budget: the shell with the first view, and
// what each further view adds. Sizes are those of gzip, in KB of 1000 bytes.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const FIRST = 180
const FURTHER = 40
const out = new URL('../../internal/webui/dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('../.build/manifest.json', import.meta.url), 'utf8'))

const packed = (file) => gzipSync(readFileSync(new URL(file, out)), { level: 9 }).length
const entry = Object.keys(manifest).find((key) => manifest[key].isEntry)

/** Files that a chunk needs, with those of its static imports. */
function files(key, into = new Set()) {
  const chunk = manifest[key]
  if (!chunk || into.has(chunk.file)) return into
  into.add(chunk.file)
  for (const css of chunk.css ?? []) into.add(css)
  for (const next of chunk.imports ?? []) files(next, into)
  return into
}

const sum = (set) => [...set].reduce((n, file) => n + packed(file), 0) / 1000
const shell = files(entry)
const first = files('src/views/overview/index.tsx', new Set(shell))
const loaded = packed('index.html') / 1000 + packed('theme.js') / 1000 + sum(first)

let bad = loaded > FIRST
console.log(`first load   ${loaded.toFixed(1).padStart(6)} KB of ${FIRST}`)
for (const key of Object.keys(manifest).filter((k) => /^src\/views\/[^/]+\/index\.tsx$/.test(k))) {
  const own = sum(files(key)) - sum(new Set([...files(key)].filter((f) => shell.has(f))))
  bad ||= own > FURTHER
  console.log(`${key.split('/')[2].padEnd(12)} ${own.toFixed(1).padStart(6)} KB of ${FURTHER}`)
}
if (bad) {
  console.error('over the budget')
  process.exit(1)
}
