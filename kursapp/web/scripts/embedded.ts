import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

// What is worth a compressed copy. The binary serves the .gz to whoever accepts it.
const compressible = /\.(html|js|css|svg|json|webmanifest|txt)$/

// The committed file of the output folder keeps the embed valid without a build.
const kept = (name: string) => name === '.keep'

/** Makes the output fit to be embedded: empty before, compressed after, and no manifest in it. */
export function embedded(): Plugin {
  let out = ''
  let root = ''
  return {
    name: 'embedded',
    apply: 'build',
    configResolved(config) {
      root = config.root
      out = join(config.root, config.build.outDir)
    },
    async buildStart() {
      await mkdir(out, { recursive: true })
      await rm(join(root, '.build/stamp'), { force: true }) // build.sh vouches for its own builds alone
      for (const name of await readdir(out)) {
        if (!kept(name)) await rm(join(out, name), { recursive: true })
      }
    },
    async closeBundle() {
      // The manifest is for scripts/size.mjs, not for the binary.
      await mkdir(join(root, '.build'), { recursive: true })
      await rename(join(out, 'manifest.json'), join(root, '.build/manifest.json'))
      for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !compressible.test(entry.name) || kept(entry.name)) continue
        const path = join(entry.parentPath, entry.name)
        const plain = await readFile(path)
        const packed = gzipSync(plain, { level: 9 })
        if (packed.length < plain.length) await writeFile(`${path}.gz`, packed)
      }
    },
  }
}
