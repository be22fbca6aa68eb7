import type { OwnableGroup } from './group.ts'

export const RING: OwnableGroup<readonly number[]> = {
  blank: () => [],
  copy: (ids) => ids.slice(),
  example: () => [0],
  write(s, ids) {
    s.byte('number of ids', ids.length)
    for (let i = 0; i < ids.length; i++) s.hash('id, up to eight', ids[i]!)
  },
  read(r) {
    const ids = new Array<number>(r.byte())
    for (let i = 0; i < ids.length; i++) ids[i] = r.hash()
    return ids
  },
}
