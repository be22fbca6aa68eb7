/** What we use of an optional dependency: the types, like the rest, must do without it where it could not be installed. */
declare module '@tensorflow/tfjs-node' {
  export const version: Readonly<Record<'tfjs-node', string>>
}
