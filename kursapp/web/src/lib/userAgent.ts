export interface Agent {
  /** '' where the text says nothing that is known. */
  browser: string
  system: string
  kind: 'computer' | 'phone' | 'tool'
}

// The order counts: most browsers claim to be others too.
const browsers: [RegExp, string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(HeadlessChrome|Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]

const tools: [RegExp, string][] = [
  [/^curl\//, 'curl'],
  [/^Wget\//i, 'Wget'],
  [/^HTTPie\//, 'HTTPie'],
  [/^PostmanRuntime\//, 'Postman'],
  [/^Go-http-client\//, 'Go'],
  [/^python-(requests|httpx|urllib)/i, 'Python'],
  [/^(node|undici)\b/, 'Node.js'],
]

const systems: [RegExp, string, Agent['kind']][] = [
  [/\biPad\b/, 'iPad', 'phone'],
  [/\biPhone\b/, 'iPhone', 'phone'],
  [/\bAndroid\b/, 'Android', 'phone'],
  [/\bWindows\b/, 'Windows', 'computer'],
  [/\bCrOS\b/, 'ChromeOS', 'computer'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS', 'computer'],
  [/\bLinux\b|\bX11\b/, 'Linux', 'computer'],
]

/** What a User-Agent header says to a person. It is a claim, and good for recognising a device, no more. */
export function agentOf(header: string): Agent {
  const tool = tools.find(([pattern]) => pattern.test(header))
  if (tool) return { browser: tool[1], system: '', kind: 'tool' }
  const system = systems.find(([pattern]) => pattern.test(header))
  return {
    browser: browsers.find(([pattern]) => pattern.test(header))?.[1] ?? '',
    system: system?.[1] ?? '',
    kind: system?.[2] ?? 'computer',
  }
}
