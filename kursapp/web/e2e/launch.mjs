// How Chromium is started. Its sandbox does not work for root.
const asRoot = process.getuid?.() === 0

export const launchOptions = {
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--disable-dev-shm-usage', ...(asRoot ? ['--no-sandbox'] : [])],
}
