export { type Config as GatewayConfig, SETTINGS as GATEWAY_SETTINGS } from './config.ts'
