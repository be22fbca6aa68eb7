export { CHANNEL_NAMES, type ChannelName } from './channels/channel.ts'
export { type Config as DeliveryWorkerConfig, SETTINGS as DELIVERY_WORKER_SETTINGS } from './config.ts'
export { SOURCE as DELIVERY_WORKER_SOURCE } from './outcome-events.ts'
