import { useEffect, useState } from 'preact/hooks';
import { get, query } from './api.js';
import { count, decimal, Fault, percent, response, Right } from './parts.jsx';

const Wide = 560;
const High = 200;

/** The verdict after each judgement, as lines of rewards. */
export function Steps({ steps, tournament }) {
  const drawn = steps.filter(step => step.rewards);
  if (drawn.length < 2) return null;
  const most = drawn.at(-1).judgements;
  const responses = drawn[0].rewards.length;
  const x = step => 40 + ((Wide - 60) * step.judgements) / most;
  const y = value => 10 + (High - 40) * (1 - value);
  const paths = Array.from({ length: Math.min(responses, 8) }, (_, i) => drawn.map((step, n) => `${n ? 'L' : 'M'}${x(step).toFixed(1)} ${y(step.rewards[i]).toFixed(1)}`).join(''));
  return (
    <section aria-labelledby="steps">
      <h2 id="steps">Votes as they fell</h2>
      {tournament ? <p class="soft">By a plain vote over the pairs so far, without the bracket.</p> : null}
      <figure>
        <svg viewBox={`0 0 ${Wide} ${High}`} role="img" aria-label={`Rewards after each of ${most} judgements; the table below has the figures`}>
          {[0, 0.5, 1].map(value => <><line class="grid" x1="40" x2={Wide - 20} y1={y(value)} y2={y(value)} /><text x="34" y={y(value) + 4} text-anchor="end">{value}</text></>)}
          {paths.map((path, i) => <path class={`line line${i % 4}`} d={path} />)}
          <text x={Wide - 20} y={High - 8} text-anchor="end">{most} judgements</text>
        </svg>
        <p class="key">{paths.map((_, i) => <span class={`line${i % 4}`}>{['━', '┅', '┉', '╌'][i % 4]} {response(i)} </span>)}</p>
      </figure>
      <details>
        <summary>Figures</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label="Votes as they fell, table">
          <table><thead><tr><th scope="col">judgements</th><th scope="col">best</th><th scope="col">confidence</th>{drawn[0].rewards.map((_, i) => <th scope="col">{response(i)}</th>)}</tr></thead>
            <tbody>{steps.map(step => <tr><th scope="row">{step.judgements}</th><td>{response(step.best)}</td><td>{decimal(step.confidence)}</td>{(step.rewards ?? []).map(value => <td>{decimal(value)}</td>)}</tr>)}</tbody></table>
        </div>
      </details>
    </section>
  );
}

/** How often each beat each. */
export function Wins({ wins }) {
  return (
    <section aria-labelledby="wins">
      <h2 id="wins">Pairs</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Wins, table">
        <table class="matrix">
          <caption>Judgements in which the response of the row beat that of the column; draws count half</caption>
          <thead><tr><td />{wins.map((_, i) => <th scope="col">{response(i)}</th>)}</tr></thead>
          <tbody>{wins.map((row, i) => <tr><th scope="row">{response(i)}</th>{row.map((value, j) => {
            const all = value + wins[j][i];
            return <td class={i !== j && all > 0 ? (value > wins[j][i] ? 'won' : value < wins[j][i] ? 'lost' : '') : ''}>{i === j ? '' : all > 0 ? `${value} of ${all}` : '–'}</td>;
          })}</tr>)}</tbody>
        </table>
      </div>
    </section>
  );
}

/** Rounds of a knockout or Swiss tournament. */
export function Bracket({ rounds, kind }) {
  return (
    <section aria-labelledby="bracket">
      <h2 id="bracket">{kind === 'swiss' ? 'Rounds' : 'Bracket'}</h2>
      <ol class="bracket" tabIndex={0} aria-label="Rounds">
        {rounds.map((round, n) => (
          <li>
            <h3>{kind !== 'swiss' && n === rounds.length - 1 ? 'Final' : `Round ${n + 1}`}</h3>
            <ul>{round.map(match => (
              <li class="match">
                <span class={match.scoreA > 0.5 ? 'winner' : ''}>{match.scoreA > 0.5 ? '✓ ' : ''}{response(match.a)}</span>
                <span class={match.scoreA < 0.5 ? 'winner' : ''}>{match.scoreA < 0.5 ? '✓ ' : ''}{response(match.b)}</span>
              </li>
            ))}</ul>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What another rule, number of judgements or meta share would have said. */
export function WhatIf({ run, row, settings, drawn, verdict }) {
  const [asked, ask] = useState({ rule: settings.rule, samples: drawn, keep: settings.keep, meta: settings.meta });
  const [state, set] = useState({});
  useEffect(() => {
    let gone = false;
    get(`/api/runs/${run}/rollouts/${row}/vote${query({ rule: asked.rule, samples: asked.samples === drawn ? undefined : asked.samples, keep: asked.keep, meta: String(asked.meta) })}`)
      .then(answer => !gone && set({ answer }), error => !gone && set({ error: error.message }));
    return () => { gone = true; };
  }, [run, row, asked]);
  const other = state.answer?.verdict;
  return (
    <section aria-labelledby="whatif">
      <h2 id="whatif">Another vote</h2>
      <form class="bar" onSubmit={event => event.preventDefault()}>
        <label>Rule <select value={asked.rule} onChange={event => ask({ ...asked, rule: event.currentTarget.value })}>{['auto', 'sum', 'mean', 'majority', 'btd'].map(name => <option>{name}</option>)}</select></label>
        <label>Judgements <input type="range" min="1" max={Math.max(1, drawn)} value={asked.samples} onInput={event => ask({ ...asked, samples: Number(event.currentTarget.value) })} /> <output>{asked.samples}</output></label>
        {settings.hasMeta ? <label><input type="checkbox" checked={asked.meta} onChange={() => ask({ ...asked, meta: !asked.meta })} /> meta reward</label> : null}
        {settings.hasMeta && asked.meta ? <label>keeps <input type="range" min="0.05" max="1" step="0.05" value={asked.keep} onInput={event => ask({ ...asked, keep: Number(event.currentTarget.value) })} /> <output>{percent(asked.keep, 0)}</output></label> : null}
      </form>
      {state.error ? <Fault>{state.error}</Fault> : null}
      {other ? (
        <p id="othervote" role="status">
          {other.status === 'scored' ? <>{response(other.best)} is best, confidence {decimal(other.confidence)}; rewards {other.rewards.map(value => decimal(value)).join(', ')}. </> : <>Unscorable: {other.reason}. </>}
          <Right right={state.answer.right} /> {verdict && other.best !== verdict.best ? <strong>Another best than the run’s ({response(verdict.best)}).</strong> : 'The same best as the run’s.'} {count(state.answer.used.length)} judgements voted.
        </p>
      ) : null}
    </section>
  );
}
