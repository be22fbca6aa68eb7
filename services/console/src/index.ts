export { SETTINGS as CONSOLE_SETTINGS } from './config.ts'
