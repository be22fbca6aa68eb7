/** Something that makes things happen, one instant after the other. */
export interface Life<T> {
  /** Breaks ties of time. */
  readonly index: number
  /** When `step` next has something to do, ms; infinite when it is over. Never moves back. */
  readonly nextAt: number
  /** Appends what happens at `nextAt` and moves on. */
  step(out: T[]): void
}

/**
 * Merges lives into one stream ordered by (time, customer number). A binary heap holds one entry a customer, so memory
 * is bounded by customers; `arrivals` come in order of arrival and are only taken when their time has come.
 */
export function* mergeLives<T>(arrivals: Iterator<Life<T>>, until: number): Generator<T, void, undefined> {
  const heap: Life<T>[] = []
  const happened: T[] = []
  let arriving = arrivals.next()
  for (;;) {
    let first = heap[0]
    while (!arriving.done && (first === undefined || arriving.value.nextAt <= first.nextAt)) {
      siftUp(heap, arriving.value)
      arriving = arrivals.next()
      first = heap[0]
    }
    if (first === undefined || first.nextAt >= until) return
    first.step(happened)
    if (first.nextAt === Number.POSITIVE_INFINITY) removeFirst(heap)
    else siftDown(heap, first)
    if (happened.length === 0) continue
    yield* happened
    happened.length = 0
  }
}

function isBefore<T>(a: Life<T>, b: Life<T>): boolean {
  return a.nextAt < b.nextAt || (a.nextAt === b.nextAt && a.index < b.index)
}

function siftUp<T>(heap: Life<T>[], life: Life<T>): void {
  let place = heap.length
  while (place > 0) {
    const above = (place - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || !isBefore(life, parent)) break
    heap[place] = parent
    place = above
  }
  heap[place] = life
}

/** Puts `life` at the top and lets it sink to where it belongs. */
function siftDown<T>(heap: Life<T>[], life: Life<T>): void {
  let place = 0
  for (;;) {
    let below = 2 * place + 1
    let child = heap[below]
    if (child === undefined) break
    const right = heap[below + 1]
    if (right !== undefined && isBefore(right, child)) {
      child = right
      below++
    }
    if (!isBefore(child, life)) break
    heap[place] = child
    place = below
  }
  heap[place] = life
}

function removeFirst<T>(heap: Life<T>[]): void {
  const last = heap.pop()
  if (last !== undefined && heap.length > 0) siftDown(heap, last)
}
