import { useEffect, useState } from 'preact/hooks';
import { post } from './api.js';
import { typing } from './help.jsx';
import { response, when } from './parts.jsx';

const who = 'tribunal-by';

/** A person's best, scores and note. */
export function Label({ run, row, responses, label, saved }) {
  const [form, set] = useState(null);
  const [state, say] = useState('');
  const [fault, fail] = useState(null);
  const now = form ?? { best: label?.best ?? [], scores: label?.scores ?? null, note: label?.note ?? '', by: label?.by ?? localStorage.getItem(who) ?? '' };
  const save = async next => {
    set(next);
    say('saving …');
    try {
      await post(`/api/runs/${run}/rollouts/${row}/label`, { best: next.best.length ? next.best : null, scores: next.scores, note: next.note, by: next.by });
      localStorage.setItem(who, next.by);
      say('saved');
      fail(null);
      saved();
    } catch (error) {
      say('');
      fail(error.message);
    }
  };
  const toggle = i => save({ ...now, best: now.best.includes(i) ? now.best.filter(other => other !== i) : [...now.best, i] });
  useEffect(() => {
    const pressed = event => {
      if (typing(event)) return;
      const i = Number(event.key) - 1;
      if (event.key >= '1' && event.key <= '9' && i < responses) toggle(i);
      if (event.key === 'n') {
        event.preventDefault();
        document.getElementById('note').focus();
      }
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  });
  return (
    <section aria-labelledby="label" class="label">
      <h2 id="label">Your label</h2>
      <form onSubmit={event => { event.preventDefault(); save(now); }}>
        <div class="bar" role="group" aria-label="Best">
          <span>Best:</span>
          {Array.from({ length: Math.min(responses, 64) }, (_, i) => <button type="button" aria-pressed={now.best.includes(i)} onClick={() => toggle(i)}>{response(i)}</button>)}
        </div>
        <details open={now.scores !== null}>
          <summary>Scores</summary>
          <div class="bar">
            {Array.from({ length: Math.min(responses, 64) }, (_, i) => (
              <label>{response(i)} <input type="number" step="any" value={now.scores?.[i] ?? ''} onChange={event => {
                const scores = Array.from({ length: responses }, (_, j) => (j === i ? Number(event.currentTarget.value) : now.scores?.[j] ?? 0));
                set({ ...now, scores });
              }} /></label>
            ))}
            {now.scores ? <button type="button" onClick={() => save({ ...now, scores: null })}>No scores</button> : null}
          </div>
        </details>
        <label class="wide">Note <textarea id="note" rows={2} maxLength={10000} value={now.note} onInput={event => set({ ...now, note: event.currentTarget.value })} /></label>
        <div class="bar">
          <label>By <input value={now.by} maxLength={200} onInput={event => set({ ...now, by: event.currentTarget.value })} /></label>
          <button>Save</button>
          {label ? <button type="button" onClick={() => save({ best: [], scores: null, note: '', by: now.by })}>Take it back</button> : null}
          <span class="soft" role="status">{state || (label ? `labelled ${when(label.at)} UTC` : 'not labelled by a person')}</span>
        </div>
        {fault ? <p class="wrong" role="alert">{fault}</p> : null}
      </form>
    </section>
  );
}
