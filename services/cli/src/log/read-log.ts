export { type LoggedRecord, type ReadLogOptions, readLog } from '@holdfast/platform'
