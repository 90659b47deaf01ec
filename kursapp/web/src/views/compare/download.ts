/** Gives the browser a file to save. */
export function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has taken what it needs once the click is over; some take a moment.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** vergleich-2025-11-25-1204 */
export function fileName(prefix: string, at: number): string {
  const d = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${prefix}-${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}-${two(d.getHours())}${two(d.getMinutes())}`
}
