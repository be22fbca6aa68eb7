import { createHash } from 'node:crypto'
import { z } from 'zod'
import { HoldfastError } from '../errors.ts'

/** One version of the model as it lies in Redis: the manifest's text and TensorFlow.js's two files. */
export interface StoredModel {
  /** Text of `manifest.json`. */
  readonly manifest: string
  /** Text of `model.json`. */
  readonly modelJson: string
  /** Bytes of `weights.bin`. */
  readonly weights: Uint8Array
  /** How its training rows were spread, JSON, where that is known. It changes no score: the digest does not cover it. */
  readonly training?: string
}

const storedSchema = z.object({ manifest: z.string(), modelJson: z.string(), weights: z.base64() })

/** One text of it all, the same for the same parts on every machine. */
export function packModel({ manifest, modelJson, weights }: StoredModel): string {
  return JSON.stringify({ manifest, modelJson, weights: Buffer.from(weights).toString('base64') })
}

/** Names what is packed: SHA-256 of the text. */
export function digestOf(packed: string): string {
  return createHash('sha256').update(packed).digest('hex')
}

/** @throws HoldfastError STORED_MODEL_CORRUPT where these are not the bytes that the digest names */
export function unpackModel(packed: string, digest: string, what: string): StoredModel {
  if (digestOf(packed) !== digest) throw corrupt(what, 'its bytes are not those that were promoted (SHA-256 differs)')
  const parsed = storedSchema.safeParse(JSON.parse(packed))
  if (!parsed.success) throw corrupt(what, 'it does not consist of manifest, model and weights')
  return { ...parsed.data, weights: Buffer.from(parsed.data.weights, 'base64') }
}

function corrupt(what: string, why: string): HoldfastError {
  return new HoldfastError({
    code: 'STORED_MODEL_CORRUPT',
    message: `${what} is damaged in Redis: ${why}`,
    cure: 'promote it again from a sound folder ("npx holdfast models promote"), or go back: "npx holdfast models rollback".',
  })
}
