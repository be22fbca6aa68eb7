export * from './access.ts'
export {
  createHttpApp,
  type HttpAnswer,
  type HttpApp,
  type HttpAppOptions,
  type HttpServer,
  type OpenApi,
  startHttpApp,
} from './app.ts'
export { answerWithProblem, problemOf } from './error-handler.ts'
export { observeAnswers } from './observe.ts'
export { whenOver } from './over.ts'
export * from './problem.ts'
