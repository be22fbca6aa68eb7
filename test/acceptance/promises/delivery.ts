import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { channels, cleanClone, gate, receivers } from './tests.ts'

const gateUnit = testsOf('services/delivery-worker/src/gate.test.ts')
const message = testsOf('services/delivery-worker/src/message/message.test.ts')

export const DELIVERY: readonly Chapter[] = [
  {
    title: 'the delivery-worker',
    promises: [
      {
        promise: 'it works both queues: proactive-outreach for support, reactivation for marketing',
        shownBy: [
          ...channels(
            'who comes to be at risk is brought to the support team: by webhook, Slack and e-mail',
            'a win-back goes to marketing by webhook and Slack, and to the customer in their language',
          ),
          ...cleanClone('the receiver shows alerts and win-backs that arrived, signed'),
        ],
      },
      {
        promise: 'retries with exponential backoff and jitter',
        shownBy: [
          ...receivers('$kind $status, $times times: tried again under the same key until it is taken'),
          ...testsOf('services/delivery-worker/src/channel-rest.test.ts')(
            'pauses double up to the longest, and half of each is chance',
          ),
        ],
      },
      {
        promise: 'dead jobs are kept and visible, and a person may try them again',
        shownBy: receivers(
          'a receiver that never recovers is given up after so many attempts; a person may try the job again',
          '%o is given up at once, and the job is kept',
        ),
      },
      {
        promise: 'signed webhooks after Standard Webhooks, verified with its reference library',
        shownBy: receivers('a webhook arrives signed, and the log and the state know of it'),
      },
      {
        promise: 'Slack incoming webhooks',
        shownBy: channels('who comes to be at risk is brought to the support team: by webhook, Slack and e-mail'),
      },
      {
        promise: 'e-mail by SMTP, text and HTML',
        shownBy: [
          ...channels(
            'who comes to be at risk is brought to the support team: by webhook, Slack and e-mail',
            'who has no address, or one that is none, gets no mail, and the others do',
          ),
          ...testsOf('infra/receiver/src/receiver.test.ts')('e-mail arrives by SMTP, decoded'),
        ],
      },
      {
        promise: 'the outcome goes back to churn.actions and folds into the state',
        shownBy: receivers('a webhook arrives signed, and the log and the state know of it'),
      },
      {
        promise: 'a message says who, how likely, what is at stake, why, and what to try',
        shownBy: [
          ...message('an alert says who, how likely, what is at stake, why, and what to try'),
          ...channels('who comes to be at risk is brought to the support team: by webhook, Slack and e-mail'),
        ],
      },
      {
        promise: 'a local receiver (HTTP and SMTP) shows in npm start what arrived',
        shownBy: cleanClone('the receiver shows alerts and win-backs that arrived, signed'),
      },
      {
        promise: 'at send time it checks consent; unknown means outreach yes, marketing no',
        shownBy: [
          ...gate('nobody is written to who must not be any more, and the log says why'),
          ...gateUnit(
            'who is still at risk is contacted, and unknown consent is yes for outreach and no for marketing',
          ),
        ],
      },
      {
        promise:
          'at send time it checks snooze, cooldown and "no longer at risk", and records each refusal with its reason',
        shownBy: [
          ...gate('nobody is written to who must not be any more, and the log says why'),
          ...gate('a snooze puts a message off, says so in the log, and leaves it to be sent when the snooze is over'),
          ...gate(
            'a cooldown that another episode began puts the message off, and coming back meanwhile ends the wait',
          ),
        ],
      },
      {
        promise: 'it holds the jobs of a shard that is behind',
        shownBy: gate(
          'the jobs of a shard that is behind wait until it has read the log, and then count what is in it',
        ),
      },
    ],
  },
]
