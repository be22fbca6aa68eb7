import { type EventType, ROLE_OF_TYPE, type Role } from '@holdfast/core'

/** Everything but what Holdfast itself does. */
export type ShopEventType = Exclude<EventType, `action.${string}`>
export type EventData = Readonly<Record<string, string | number | boolean>>

/** A structured CloudEvent 1.0, as it stands in the topic. */
export interface ShopCloudEvent {
  readonly specversion: '1.0'
  /** Unique within the source. */
  readonly id: string
  readonly source: string
  readonly type: ShopEventType
  /** The customer id, also the Kafka key. */
  readonly subject: string
  /** ISO 8601 with milliseconds, UTC. */
  readonly time: string
  readonly data: EventData
}

export interface ShopEvent {
  /** Which topic carries it. */
  readonly role: Role
  /** `event.time` in ms, so that nobody needs to parse it back. */
  readonly timeMs: number
  readonly event: ShopCloudEvent
}

/** Every source of a generated shop starts with this. */
export const GENERATED_SHOP = 'urn:holdfast:generated-shop'

/** Builds the events of one shop: the seed is part of the source, so ids of two shops never collide. */
export function eventFactory(seed: number) {
  const system: Readonly<Record<Role, string>> = {
    purchases: `${GENERATED_SHOP}:${seed}:orders`,
    support: `${GENERATED_SHOP}:${seed}:helpdesk`,
    engagement: `${GENERATED_SHOP}:${seed}:web`,
    profile: `${GENERATED_SHOP}:${seed}:accounts`,
    actions: `${GENERATED_SHOP}:${seed}:actions`,
  }
  return (type: ShopEventType, id: string, subject: string, timeMs: number, data: EventData): ShopEvent => {
    const role = ROLE_OF_TYPE[type]
    const time = new Date(timeMs).toISOString()
    return { role, timeMs, event: { specversion: '1.0', id, source: system[role], type, subject, time, data } }
  }
}

export type EventFactory = ReturnType<typeof eventFactory>
