/** Whether (time, id) is later than what is kept: the order in which the last write wins, whatever came first. */
export function isLater(time: number, id: number, keptTime: number, keptId: number): boolean {
  return time > keptTime || (time === keptTime && id > keptId)
}
