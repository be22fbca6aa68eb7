/** What of a terminal is used; standard output and input are such. */
export interface Terminal {
  readonly output: NodeJS.WritableStream & { readonly rows?: number }
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown }
}

export interface FullScreen {
  /** Replaces what is shown. */
  draw(text: string): void
  /** Gives the terminal back as it was; any number of calls. */
  leave(): void
}

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const TO_END_OF_LINE = '\x1b[K'
const TO_END_OF_SCREEN = '\x1b[J'

/**
 * Takes the alternate screen, and gives it back however the process ends, short of SIGKILL: what stood there before is there
 * again, the cursor too.
 * @param onQuit called when somebody types q or Ctrl-C
 */
export function takeScreen({ output, input }: Terminal, onQuit: () => void): FullScreen {
  let left = false
  const leave = () => {
    if (left) return
    left = true
    process.off('exit', leave)
    input.off('data', onKey)
    if (input.isTTY) {
      input.setRawMode?.(false)
      input.pause()
    }
    output.write(LEAVE)
  }
  const onKey = (key: Buffer | string) => {
    if (['q', 'Q', '\x03', '\x1b'].includes(String(key))) onQuit()
  }
  // Also after process.exit and an uncaught error.
  process.on('exit', leave)
  output.write(ENTER)
  if (input.isTTY) {
    input.setRawMode?.(true)
    input.resume()
    input.on('data', onKey)
  }
  return {
    draw(text) {
      if (left) return
      // What does not fit would scroll the rest away. Some terminals say 0 for a height that they do not know.
      const lines = text.split('\n').slice(0, (output.rows || 1_000) - 1)
      output.write(`${HOME}${lines.map((line) => line + TO_END_OF_LINE).join('\n')}\n${TO_END_OF_SCREEN}`)
    },
    leave,
  }
}
