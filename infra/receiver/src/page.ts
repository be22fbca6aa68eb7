import type { Received } from './message.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text for HTML, between tags and within quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

/** What arrived, newest first, for people. Everything in it came from outside, so everything is escaped. */
export function renderPage(messages: readonly Received[], total: number): string {
  const rows = messages.map(rowOf).join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="5">
<title>Holdfast: what arrived</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1c1c1c; background: #fff }
article { border-top: 1px solid #ddd; padding: .7rem 0 }
header { display: flex; gap: 1rem; flex-wrap: wrap; align-items: baseline }
small, time { color: #666 }
.good { color: #116329 } .bad { color: #b3261e }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f5f5f5; padding: .7rem; margin: .4rem 0 }
</style>
</head>
<body>
<h1>What arrived</h1>
<p>${total} messages so far; the newest ${messages.length} are here. All of them: <code>GET /messages?limit=</code>, one: <code>GET /messages/:idempotencyKey</code>.</p>
${rows === '' ? '<p>Nothing yet.</p>' : rows}
</body>
</html>
`
}

function rowOf(message: Received): string {
  const { kind, outcome, to, verified, problem, receivedAt, idempotencyKey = '', subject, text, body = '' } = message
  const seal =
    verified === undefined
      ? ''
      : verified
        ? '<strong class="good">signature verified</strong>'
        : `<strong class="bad">not verified: ${escapeHtml(problem ?? '')}</strong>`
  const fate = outcome === 'taken' ? '' : `<strong class="bad">${escapeHtml(outcome)}</strong>`
  return `<article>
<header><strong>${escapeHtml(kind)}</strong><span>${escapeHtml(subject ?? to)}</span>${seal}${fate}<time>${escapeHtml(receivedAt)}</time></header>
<small>to ${escapeHtml(to)}${idempotencyKey === '' ? '' : ` · key ${escapeHtml(idempotencyKey)}`}</small>
<pre>${escapeHtml(text ?? '')}</pre>${body === '' ? '' : `<details><summary>as it came</summary><pre>${escapeHtml(body)}</pre></details>`}
</article>`
}
