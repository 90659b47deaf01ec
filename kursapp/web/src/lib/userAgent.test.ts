import { expect, it } from 'vitest'
import { agentOf } from './userAgent.ts'

it('is not taken in by what browsers claim besides', () => {
  const edge =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0'
  expect(agentOf(edge)).toEqual({ browser: 'Edge', system: 'Windows', kind: 'computer' })
  const chrome = 'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36'
  expect(agentOf(chrome)).toEqual({ browser: 'Chrome', system: 'Android', kind: 'phone' })
  const iphone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1'
  expect(agentOf(iphone)).toEqual({ browser: 'Safari', system: 'iPhone', kind: 'phone' })
})

it('knows tools, and admits what it does not know', () => {
  expect(agentOf('curl/8.11.0')).toEqual({ browser: 'curl', system: '', kind: 'tool' })
  expect(agentOf('Mozilla/5.0')).toEqual({ browser: '', system: '', kind: 'computer' })
  expect(agentOf('')).toEqual({ browser: '', system: '', kind: 'computer' })
})
