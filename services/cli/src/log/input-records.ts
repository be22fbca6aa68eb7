export { isAtHome, topicRecords as inputRecords } from '@holdfast/trainer'
