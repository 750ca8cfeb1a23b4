import { useEffect, useRef, useState } from 'preact/hooks';
import { address, go } from './address.js';
import { get, query as search } from './api.js';
import { count, decimal, Fault, money, percent, Progress, Rate, response, Right, Theirs, useAsked, Waiting } from './parts.jsx';
import { Texts } from './rollout.jsx';
import { Judgement } from './judgement.jsx';
import { useVirtual } from './virtual.js';

const points = value => (value === undefined || value === null ? '–' : `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(100 * value).toFixed(1)}`);
const filters = [['differ', 'Chose differently'], ['only-first', 'Only the first is right'], ['only-others', 'Only another is right'], ['all', 'All']];

export function Compare({ query }) {
  const { answer, error } = useAsked(`/api/compare${search({ runs: query.runs })}`);
  if (error && !answer) return <Fault>{error}</Fault>;
  if (!answer) return <Waiting of="Comparing" />;
  const { runs, comparison, why } = answer;
  const set = more => go(['compare'], { ...query, ...more });
  if (query.open) return <Shared runs={runs} query={query} />;
  return (
    <>
      <h1>Comparison</h1>
      {why ? <Fault>{why}</Fault> : null}
      {comparison ? (
        <>
          <p class="soft">{count(comparison.shared)} shared rollouts, {count(comparison.labelled)} of them labelled</p>
          {comparison.notes.map(note => <p class="banner">{note}</p>)}
          <div class="scroll" tabIndex={0} role="region" aria-label="Runs, table">
            <table>
              <thead><tr><th scope="col">run</th><th scope="col" class="text">model</th><th scope="col">accuracy</th><th scope="col">judgements</th><th scope="col">cost</th><th scope="col">difference</th><th scope="col">95 %</th><th scope="col">only this</th><th scope="col">only the first</th><th scope="col">McNemar p</th><th scope="col">agreement</th></tr></thead>
              <tbody>{comparison.runs.map((run, i) => {
                const difference = i > 0 ? comparison.differences[i - 1] : {};
                return <tr><th scope="row"><a href={address(['run', runs[i].key])}><Theirs>{run.name}</Theirs></a></th><td class="words"><Theirs>{run.model}</Theirs>{run.simulated ? ' (simulated)' : ''}</td><td><Rate rate={run.accuracy} /></td><td>{decimal(run.judgementsPerRollout, 1)}</td><td>{money(run.cost)}</td><td>{i ? points(difference.difference) : '–'}</td><td>{i ? `${points(difference.low)} to ${points(difference.high)}` : '–'}</td><td>{i ? count(difference.onlyThis) : '–'}</td><td>{i ? count(difference.onlyOther) : '–'}</td><td>{i && difference.mcNemar !== undefined ? decimal(difference.mcNemar, 4) : '–'}</td><td>{i ? percent(difference.agreement) : '–'}</td></tr>;
              })}</tbody>
            </table>
          </div>
          {comparison.domains.length > 0 ? (
            <section aria-labelledby="domains">
              <h2 id="domains">By domain</h2>
              <div class="scroll" tabIndex={0} role="region" aria-label="Domains, table">
                <table>
                  <thead><tr><th scope="col">domain</th><th scope="col">rollouts</th><th scope="col">labelled</th>{comparison.runs.map(run => <th scope="col"><Theirs>{run.name}</Theirs></th>)}{comparison.differences.map(difference => <th scope="col"><Theirs>{difference.run}</Theirs>: difference, 95 %, p</th>)}</tr></thead>
                  <tbody>{comparison.domains.map(domain => (
                    <tr><th scope="row"><button type="button" class="plain" onClick={() => set({ domain: domain.name })}><Theirs>{domain.name}</Theirs></button></th><td>{count(domain.shared)}</td><td>{count(domain.labelled)}</td>{domain.accuracy.map(rate => <td><Rate rate={rate} /></td>)}{domain.differences.map(one => <td>{points(one.difference)} ({points(one.low)} to {points(one.high)}), {one.mcNemar !== undefined ? decimal(one.mcNemar, 3) : '–'}</td>)}</tr>
                  ))}</tbody>
                </table>
              </div>
            </section>
          ) : null}
        </>
      ) : null}
      <SharedRows runs={runs} query={query} set={set} />
    </>
  );
}

const Block = 100;
const Height = 34;

function SharedRows({ runs, query, set }) {
  const key = search({ runs: query.runs, filter: query.filter ?? 'differ', domain: query.domain });
  const [state, put] = useState({});
  const blocks = useRef(new Map());
  const current = useRef(key);
  const scroller = useRef(null);
  if (current.current !== key) {
    current.current = key;
    blocks.current = new Map();
  }
  const load = async block => {
    if (blocks.current.has(block)) return;
    blocks.current.set(block, []);
    try {
      const answer = await get(`/api/compare/rollouts${key}&offset=${block * Block}&count=${Block}`);
      if (current.current !== key) return;
      blocks.current.set(block, answer.rows);
      put({ key, answer });
      if (answer.index.stage) setTimeout(() => { blocks.current.delete(block); load(block); }, 500);
    } catch (error) {
      put({ key, error: error.message });
    }
  };
  useEffect(() => { load(0); }, [key]);
  const answer = state.key === key ? state.answer : undefined;
  const list = useVirtual({ count: answer?.total ?? 0, scroller, height: Height });
  const items = list.getVirtualItems();
  const to = items.at(-1)?.index ?? 0;
  useEffect(() => {
    for (let block = Math.floor((items[0]?.index ?? 0) / Block); block <= Math.floor(to / Block); block++) load(block);
  }, [to, items[0]?.index]);
  const layout = { gridTemplateColumns: `minmax(0, 2fr) minmax(0, 1fr) ${runs.map(() => 'minmax(0, 2fr)').join(' ')}`, minWidth: `${18 + 14 * runs.length}rem` };
  return (
    <section aria-labelledby="shared">
      <h2 id="shared">Rollouts</h2>
      <div class="bar" role="group" aria-label="Which rollouts">
        {filters.map(([name, title]) => <button type="button" aria-pressed={(query.filter ?? 'differ') === name} onClick={() => set({ filter: name })}>{title}</button>)}
        {query.domain ? <button type="button" onClick={() => set({ domain: undefined })}>in <Theirs>{query.domain}</Theirs> ✕</button> : null}
      </div>
      {state.error ? <Fault>{state.error}</Fault> : null}
      {answer ? <><Progress stage={answer.index.stage} share={answer.index.share} /><p class="soft" role="status" id="count">{count(answer.total)} of {count(answer.all)} shared rollouts, the surest first</p></> : <Waiting />}
      <div class="list" ref={scroller} tabIndex={0} role="region" aria-label="Shared rollouts, table">
        <div role="table" aria-label="Shared rollouts" aria-rowcount={(answer?.total ?? 0) + 1}>
          <div role="rowgroup" class="listhead" style={{ minWidth: layout.minWidth }}><div role="row" class="listrow" style={layout}><span role="columnheader">rollout</span><span role="columnheader">domain</span>{runs.map(run => <span role="columnheader"><Theirs>{run.name}</Theirs></span>)}</div></div>
          <div role="rowgroup" class="listbody" style={{ height: `${list.getTotalSize()}px`, minWidth: layout.minWidth }}>
            {items.map(item => {
              const row = blocks.current.get(Math.floor(item.index / Block))?.[item.index % Block];
              return (
                <div role="row" key={item.key} class="listrow" aria-rowindex={item.index + 2} style={{ ...layout, height: `${Height}px`, transform: `translateY(${item.start}px)` }}>
                  {row ? <><span role="cell"><a href={address(['compare'], { ...query, open: row.cells.map(cell => cell.row).join(',') })}><Theirs>{row.id}</Theirs></a></span><span role="cell"><Theirs>{row.domain ?? '–'}</Theirs></span>{row.cells.map(cell => <span role="cell">{response(cell.best)} <small>{decimal(cell.confidence, 2)}</small> <Right right={cell.right} /></span>)}</> : <span role="cell">…</span>}
                </div>
              );
            })}
          </div>
        </div>
      </div>
    </section>
  );
}

/** One rollout in every run: the texts once, then what each run's judgements made of them. */
function Shared({ runs, query }) {
  const rows = query.open.split(',').map(Number);
  const { open, ...back } = query;
  const [state, set] = useState({});
  useEffect(() => {
    let gone = false;
    Promise.all(runs.map((run, i) => get(`/api/runs/${run.key}/rollouts/${rows[i]}`))).then(answers => !gone && set({ answers }), error => !gone && set({ error: error.message }));
    return () => { gone = true; };
  }, [query.open]);
  if (state.error) return <Fault>{state.error}</Fault>;
  if (!state.answers) return <Waiting of="Opening the rollout" />;
  const [first] = state.answers;
  return (
    <div class="rollout">
      <nav class="bar" aria-label="Where you are"><a href={address(['compare'], back)}>← Comparison</a></nav>
      <h1><Theirs>{first.row.id}</Theirs></h1>
      <div class="scroll" tabIndex={0} role="region" aria-label="Who changed, table">
        <table>
          <thead><tr><th scope="col">run</th><th scope="col">best</th><th scope="col">label</th><th scope="col">confidence</th><th scope="col">rewards</th><th scope="col">its judgements’ choices</th><th scope="col" class="text">why it differs</th></tr></thead>
          <tbody>{state.answers.map((answer, i) => (
            <tr><th scope="row"><Theirs>{runs[i].name}</Theirs></th><td>{response(answer.verdict?.best)}</td><td><Right right={answer.row.right} /></td><td>{decimal(answer.verdict?.confidence)}</td><td>{(answer.verdict?.rewards ?? []).map(value => decimal(value, 2)).join(', ')}</td><td>{tally(answer)}</td><td class="words">{i ? reason(first, answer) : ''}</td></tr>
          ))}</tbody>
        </table>
      </div>
      {first.rollout ? <Texts rollout={first.rollout} verdict={first.verdict} label={first.label} /> : null}
      {state.answers.map((answer, i) => (
        <section aria-label={`Judgements of ${runs[i].name}`}>
          <h2>Judgements of <Theirs>{runs[i].name}</Theirs></h2>
          <div class="judgements">{answer.judgements.map(judgement => <Judgement key={judgement.sample} run={runs[i].key} row={rows[i]} judgement={judgement} />)}</div>
        </section>
      ))}
    </div>
  );
}

const choice = judgement => {
  if (judgement.outcome !== 'valid') return undefined;
  if (!judgement.scores) return judgement.winner;
  const best = Math.max(...judgement.scores);
  const at = judgement.scores.reduce((all, score, i) => (score === best ? [...all, i] : all), []);
  return at.length === 1 ? at[0] : undefined;
};

function choices(answer, votedOnly) {
  const counts = new Map();
  for (const judgement of answer.judgements) {
    const chosen = votedOnly && !judgement.voted ? undefined : choice(judgement);
    if (chosen !== undefined && chosen !== null) counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
  }
  return counts;
}

const tally = answer => [...choices(answer)].sort((a, b) => b[1] - a[1]).map(([i, n]) => `${response(i)}: ${n}`).join(', ') || 'none';

function reason(first, other) {
  const mine = first.verdict?.best;
  const theirs = other.verdict?.best;
  if (theirs === undefined || theirs === null) return 'It has no verdict.';
  if (mine === theirs) return 'The same choice.';
  const all = choices(other);
  const voted = choices(other, true);
  const parts = [`${all.get(theirs) ?? 0} of its ${other.judgements.length} judgements chose ${response(theirs)}, ${all.get(mine) ?? 0} ${response(mine)}`];
  if ((all.get(mine) ?? 0) > (all.get(theirs) ?? 0) && (voted.get(theirs) ?? 0) >= (voted.get(mine) ?? 0)) parts.push('the meta filter dropped the others');
  if (other.row.votes.valid < other.row.votes.drawn) parts.push(`${other.row.votes.drawn - other.row.votes.valid} have no verdict`);
  if (other.row.flipped > 0) parts.push(`${other.row.flipped} of ${other.row.matched} flipped by order`);
  return `${parts.join('; ')}.`;
}
