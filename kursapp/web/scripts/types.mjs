// Writes src/api/schema.ts, the types of the API, from what `kursapp openapi` prints. With
// --check it writes nothing and fails where the file is out of date.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const file = new URL('../src/api/schema.ts', import.meta.url)
const printed = execFileSync('go', ['run', './kursapp', 'openapi'], {
  cwd: new URL('../../..', import.meta.url),
  maxBuffer: 64 << 20,
  stdio: ['ignore', 'pipe', 'inherit'],
})
// What has a default may be left out of a request; no answer has any.
const ast = await openapiTS(JSON.parse(printed.toString()), { defaultNonNullable: false })
const made = `// Made from the OpenAPI document by scripts/types.mjs. DO NOT EDIT.\n\n${astToString(ast)}`

if (process.argv.includes('--check')) {
  if (read() !== made) {
    console.error("src/api/schema.ts is out of date: run 'make generate' and commit")
    process.exit(1)
  }
} else {
  writeFileSync(file, made)
}

function read() {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
