import { useState } from 'preact/hooks';
import { address, go } from './address.js';
import { post } from './api.js';
import { count, Fault, money, Rate, Theirs, useAsked, Waiting, when } from './parts.jsx';

const columns = [
  ['name', 'run'], ['state', 'state'], ['model', 'judge'], ['protocol', 'protocol'], ['policy', 'policy'],
  ['accuracy', 'accuracy'], ['validRate', 'valid'], ['rollouts', 'rollouts'], ['cost', 'cost'], ['created', 'when'],
];

const textual = new Set(['name', 'state', 'model', 'protocol', 'policy', 'created']);
const keyOf = (run, column) => (column === 'accuracy' || column === 'validRate' ? run[column]?.value : run[column]) ?? '';

export function Runs({ query }) {
  const { answer, error, ask } = useAsked('/api/runs', () => 5000);
  const [chosen, choose] = useState([]);
  if (error && !answer) return <Fault>{error}</Fault>;
  if (!answer) return <Waiting of="Looking for runs" />;
  const words = (query.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  let runs = answer.runs.filter(run => words.every(word => [run.name, run.model, run.judge, run.protocol, ...run.tags].some(text => text?.toLowerCase().includes(word))));
  if (query.sort) {
    runs = runs.toSorted((a, b) => (keyOf(a, query.sort) < keyOf(b, query.sort) ? -1 : keyOf(a, query.sort) > keyOf(b, query.sort) ? 1 : 0) * (query.desc ? -1 : 1));
  }
  const sortBy = column => go([], { ...query, sort: column, desc: query.sort === column && !query.desc ? '1' : undefined }, true);
  return (
    <>
      <h1>Runs</h1>
      <form class="bar" role="search" onSubmit={event => event.preventDefault()}>
        <label>Find <input type="search" value={query.q ?? ''} onInput={event => go([], { ...query, q: event.currentTarget.value }, true)} placeholder="name, judge, tag" /></label>
        <button type="button" disabled={chosen.length < 2} onClick={() => go(['compare'], { runs: chosen.join(',') })}>Compare {chosen.length > 1 ? chosen.length : ''}</button>
        <span class="soft" role="status">{runs.length} of {answer.runs.length} runs</span>
      </form>
      {answer.runs.length === 0 ? <p>No run is in the folders that <code>tribunal view</code> was given. <code>tribunal score</code> makes one.</p> : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Runs, table">
          <table>
            <thead>
              <tr>
                <th scope="col"><span class="unseen">compare</span></th>
                {columns.map(([column, title]) => (
                  <th scope="col" class={textual.has(column) ? 'text' : undefined} aria-sort={query.sort === column ? (query.desc ? 'descending' : 'ascending') : undefined}>
                    <button type="button" class="sort" onClick={() => sortBy(column)}>{title}{query.sort === column ? (query.desc ? ' ↓' : ' ↑') : ''}</button>
                  </th>
                ))}
                <th scope="col" class="text">tags</th>
              </tr>
            </thead>
            <tbody>
              {runs.map(run => (
                <tr key={run.key}>
                  <td><input type="checkbox" aria-label={`Compare ${run.name}`} checked={chosen.includes(run.key)} onChange={() => choose(chosen.includes(run.key) ? chosen.filter(key => key !== run.key) : [...chosen, run.key])} /></td>
                  <th scope="row"><a href={run.state === 'running' ? address(['run', run.key, 'live']) : address(['run', run.key])}><Theirs>{run.name}</Theirs></a>{run.simulated ? <small class="tag">simulated</small> : null}</th>
                  <td class="text"><span class={`state ${run.state}`}>{run.state}</span></td>
                  <td class="words"><Theirs>{run.model}</Theirs></td>
                  <td class="text">{run.protocol}</td>
                  <td class="text">{run.policy ?? '–'}{run.meta ? ', meta' : ''}{run.tournament ? `, ${run.tournament}` : ''}</td>
                  <td><Rate rate={run.accuracy} /></td>
                  <td>{run.validRate ? `${(100 * run.validRate.value).toFixed(1)} %` : '–'}</td>
                  <td>{count(run.rollouts)}</td>
                  <td>{money(run.cost)}</td>
                  <td class="text">{when(run.created)}</td>
                  <td class="words"><Tags run={run} saved={ask} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Tags({ run, saved }) {
  const [editing, edit] = useState(false);
  const [fault, fail] = useState(null);
  const save = async event => {
    event.preventDefault();
    const tags = new FormData(event.currentTarget).get('tags').split(',').map(tag => tag.trim()).filter(Boolean);
    try {
      await post(`/api/runs/${run.key}/tags`, { tags });
      edit(false);
      fail(null);
      saved();
    } catch (error) {
      fail(error.message);
    }
  };
  return editing ? (
    <form onSubmit={save} class="inline">
      <input name="tags" aria-label={`Tags of ${run.name}, with commas between`} value={run.tags.join(', ')} />
      <button>Save</button>{fault ? <small class="wrong" role="alert">{fault}</small> : null}
    </form>
  ) : (
    <>{run.tags.map(tag => <span class="tag"><Theirs>{tag}</Theirs></span>)} <button type="button" class="plain" aria-label={`Tag ${run.name}`} onClick={() => edit(true)}>tag</button></>
  );
}
