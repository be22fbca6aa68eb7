/**
 * Makes the methods of texts as fast as they were before ioredis was loaded.
 *
 * It defines a class that extends `String`, and with that V8 turns `String.prototype` into a dictionary: each `charCodeAt`,
 * `slice` or `startsWith` of the whole process then looks its method up by name, and a loop over characters takes six times as
 * long (seen with Node.js 20). Enumerating a prototype makes V8 store it for fast access, and it keeps to that.
 */
export function makeStringsFast(): void {
  for (const _ in String.prototype);
}
