import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { crossings, faults, features, fold } from './tests.ts'

const decode = testsOf('shared/contracts/src/decode.test.ts')
const documents = testsOf('infra/docs.test.ts')
const decided = testsOf('shared/core/src/oracle/decided.test.ts')
const purity = testsOf('shared/core/src/purity.test.ts')
const model = testsOf('shared/core/src/risk/model.test.ts')

/** The domain is pure: its real parts are functions, and its end-to-end tests are properties held against oracles. */
export const DOMAIN: readonly Chapter[] = [
  {
    title: 'events, fold, features and risk',
    promises: [
      {
        promise: 'events are CloudEvents, held against zod schemas',
        shownBy: [
          ...decode('a good event > covers every type of the core', 'whatever the bytes > never throws'),
          ...testsOf('test/integration/gateway/to-state.test.ts')(
            'one of each kind that is accepted ends in the state, and none as a dead letter',
          ),
        ],
      },
      {
        promise: 'JSON Schemas and an AsyncAPI document are generated from the same schemas',
        shownBy: [
          ...documents('say what the code says; npm run docs writes them', 'describe every event type'),
          ...testsOf('shared/contracts/src/json-schema.test.ts')(
            'jsonSchemas > says what a producer may write, not what we make of it',
            'asyncApi > has every type on the topic of its role, and no reference to nothing',
          ),
        ],
      },
      {
        promise: 'the fold has all the operations of the design, and equals a naive recompute over the whole log',
        shownBy: [
          ...fold('the fold equals the naive recompute over the whole log', 'a long history of one kind equals it too'),
          ...faults('the folded half of every state is the naive recompute over the log'),
        ],
      },
      {
        promise: 'any permutation of a log gives the same folded half',
        shownBy: fold('any order of a log gives the same folded half'),
      },
      {
        promise: 'duplicates within reach change nothing',
        shownBy: fold('what a producer sends again within reach changes nothing, in any order, and not one bit'),
      },
      {
        promise: 'a fold that is split and resumed at any point gives the same bytes',
        shownBy: fold(
          'stopping anywhere and going on from bytes gives the bytes of the uninterrupted fold',
          'resuming from bytes after every single event, too',
        ),
      },
      {
        promise: 'erased is absorbing, whatever the order',
        shownBy: fold('erased is absorbing, in whatever order, and leaves nothing'),
      },
      {
        promise:
          'a state has at most 256 bytes for a customer who only buys, and its layout is documented by generation',
        shownBy: testsOf('shared/core/src/state/layout.test.ts')(
          'a customer with 12 purchases and a decided half takes … bytes, at most 256',
          'the documented layout names every byte that is written',
        ),
      },
      {
        promise: 'a feature table of 60 to 80 rows, documented by generation',
        shownBy: [
          ...features('the table has 60 to 100 rows, no name twice, each documented and in a known group'),
          ...documents('say what the code says; npm run docs writes them'),
        ],
      },
      {
        promise: 'every feature equals its formula over the raw events',
        shownBy: features(
          'every feature equals its formula over the raw events',
          'the oracle knows every row, and no other',
        ),
      },
      {
        promise: 'every feature moves in silence as its row declares',
        shownBy: features(
          'every row moves in silence as it declares',
          'what silence never moves in some history is declared constant, and the rest does move',
        ),
      },
      {
        promise: 'bands have hysteresis, and are those that the oracle evaluates',
        shownBy: [
          ...decided('the decided half is what the oracle evaluates from the same band before, at the same instant'),
          ...faults('the decided half is what the oracle evaluates from the same band before, at the same instant'),
        ],
      },
      {
        promise: 'reasons in words, from exact contributions that add up to the logit',
        shownBy: model(
          'what the groups contribute adds up to the logit, from the average customer on',
          'reasons are the groups that raise the risk, strongest first, each in one sentence',
        ),
      },
      {
        promise:
          'followed by appointments alone, some only looks, the band history equals one stepped minute by minute, each crossing within a minute',
        shownBy: crossings(
          'by appointments alone the bands are those of stepping through every minute',
          'the same over 30 and 90 days, stepped by the half hour and by minutes around each change',
          'no minute lies in another band than the appointments said, but on the line',
        ),
      },
      {
        promise: 'except within the float32 breadth of a threshold',
        shownBy: [
          ...crossings(
            'a model that lies a float32 breadth off changes bands where plain arithmetic does, give or take that breadth',
          ),
          ...model('an evaluation in float32 lies within the breadth of plain arithmetic'),
        ],
      },
      {
        promise: 'aggregates are sums of g(state): what is added up equals a recount from the states',
        shownBy: [
          ...decided(
            'changes to the counters, added up over whole histories, are a recount from the states',
            'the counters of buying, support and voice are those of the raw events',
          ),
          ...faults('every aggregate is the recount from the states'),
        ],
      },
      {
        promise: 'the core is pure: no dependencies, no clock, no chance, no input or output',
        shownBy: purity(
          'the core imports nothing but itself, and not its oracle',
          'the core has no clock, no chance, no output and no surroundings',
          'the core depends on no package',
          'the core compiles without the types of Node or the DOM',
        ),
      },
    ],
  },
]
