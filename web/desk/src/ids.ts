// The id under which something is sent: who sends it again sends the same id, and the service does it once.

/** Ninety-six random bits in hex, as the residents' page makes them. (`crypto.randomUUID` is missing on plain http.) */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
