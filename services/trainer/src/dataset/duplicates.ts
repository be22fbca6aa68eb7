/** Slots of the table; four bytes each. */
const SLOTS = 2 ** 22

/**
 * Notices ids that come again, however many events lie between, in 16 MiB whatever the size of the log. A later event may
 * push an earlier one out, so it may miss some and never claims one that is not there: enough to tell a log that was appended to
 * itself from one with a stray duplicate.
 */
export function createRepeatWatch(): (idHash: number) => boolean {
  const seen = new Uint32Array(SLOTS)
  return function isRepeated(idHash) {
    const place = idHash % SLOTS
    // 48 bits less those of the place leave 26; 0 stands for an empty slot.
    const rest = Math.floor(idHash / SLOTS) + 1
    if (seen[place] === rest) return true
    seen[place] = rest
    return false
  }
}
