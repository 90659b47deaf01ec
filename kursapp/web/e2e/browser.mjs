// Starts the one Chromium that all test files share and prints where it is found. It ends
// with its input, so that it does not outlive whoever started it.
import { chromium } from 'playwright-core'
import { launchOptions } from './launch.mjs'

const server = await chromium.launchServer(launchOptions)
console.log(server.wsEndpoint())
process.stdin.resume()
process.stdin.on('end', async () => {
  await server.close()
  process.exit(0)
})
