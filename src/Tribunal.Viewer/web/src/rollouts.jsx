import { useEffect, useRef, useState } from 'preact/hooks';
import { address, go } from './address.js';
import { get, query as search } from './api.js';
import { typing } from './help.jsx';
import { count, decimal, Fault, percent, Progress, response, Right, seconds, Theirs } from './parts.jsx';
import { useVirtual } from './virtual.js';

const Block = 100;
const Height = 34;

const columns = [
  { name: 'id', title: 'rollout', wide: 2.2, cell: row => <Theirs>{row.id}</Theirs> },
  { name: 'domain', title: 'domain', wide: 1.2, cell: row => <Theirs>{row.domain ?? '–'}</Theirs> },
  { name: 'right', title: 'label', wide: 0.9, cell: row => <>{<Right right={row.right} />}{row.noted ? ' ✎' : ''}</> },
  { name: 'best', title: 'best', wide: 1.1, cell: row => (row.status === 'unscorable' ? <span class="wrong">unscorable</span> : response(row.best)) },
  { name: 'confidence', title: 'confidence', wide: 1, cell: row => decimal(row.confidence) },
  { name: 'margin', title: 'margin', wide: 0.9, cell: row => decimal(row.margin) },
  { name: 'valid', title: 'valid', wide: 0.8, cell: row => `${row.votes.valid} of ${row.votes.drawn}` },
  { name: 'kept', title: 'voted', wide: 0.7, cell: row => count(row.votes.kept) },
  { name: 'flipped', title: 'flipped', wide: 0.8, cell: row => (row.matched ? `${row.flipped} of ${row.matched}` : '–') },
  { name: 'neutralised', title: 'inert', wide: 0.7, cell: row => (row.neutralised ? count(row.neutralised) : '–') },
  { name: 'slowest', title: 'slowest', wide: 0.9, cell: row => seconds(row.slowestMs) },
  { name: 'tokens', title: 'tokens', wide: 0.9, cell: row => count(row.usage.input + row.usage.output) },
];
const usual = ['id', 'domain', 'right', 'best', 'confidence', 'margin', 'valid', 'tokens'];

export const presets = [
  ['All', {}],
  ['Surest and wrong', { filter: 'wrong', sort: 'confidence', desc: '1' }],
  ['Most contested', { filter: '', sort: 'confidence' }],
  ['Flipped by order', { filter: 'flipped', sort: 'flipped', desc: '1' }],
  ['Dropped by meta', { filter: 'dropped' }],
  ['Made inert', { filter: 'neutralised', sort: 'neutralised', desc: '1' }],
  ['Slow', { filter: 'slow', sort: 'slowest', desc: '1' }],
  ['Dear', { filter: 'dear', sort: 'tokens', desc: '1' }],
];

/** What the server is asked of the address. */
export const asked = query => ({ q: query.q, filter: query.filter, domain: query.domain, sort: query.sort, desc: query.desc ? 'true' : undefined });

function useRows(run, query) {
  const key = search(asked(query));
  const [state, set] = useState({ key: null });
  const blocks = useRef(new Map());
  const current = useRef(key);
  const fetching = useRef(new Set());
  if (current.current !== key) {
    current.current = key;
    blocks.current = new Map();
    fetching.current = new Set();
  }
  const load = async (block, again) => {
    if (fetching.current.has(block) || (blocks.current.has(block) && !again)) return;
    const own = fetching.current;
    own.add(block);
    try {
      const answer = await get(`/api/runs/${run}/rollouts${search({ ...asked(query), offset: block * Block, count: Block })}`);
      if (current.current !== key) return;
      blocks.current.set(block, answer.rows);
      set({ key, answer });
    } catch (error) {
      if (current.current === key) set({ key, error: error.message });
    } finally {
      own.delete(block);
    }
  };
  const growing = state.key === key && state.answer && ((state.answer.index.stage && state.answer.index.share < 1) || (state.answer.search && !state.answer.search.done));
  useEffect(() => {
    load(0);
  }, [key, run]);
  useEffect(() => {
    if (!growing) return undefined;
    const timer = setTimeout(() => {
      const known = [...blocks.current.keys()];
      for (const block of known.length > 4 ? known.slice(-4) : known) load(block, true);
    }, 300);
    return () => clearTimeout(timer);
  });
  return {
    answer: state.key === key ? state.answer : undefined,
    error: state.key === key ? state.error : undefined,
    rowAt: index => blocks.current.get(Math.floor(index / Block))?.[index % Block],
    see: (from, to) => {
      for (let block = Math.floor(from / Block); block <= Math.floor(to / Block); block++) load(block);
    },
  };
}

export function Rollouts({ run, about, query }) {
  const rows = useRows(run, query);
  const scroller = useRef(null);
  const total = rows.answer?.total ?? 0;
  const list = useVirtual({ count: total, scroller, height: Height });
  const [at, show] = useState(0);
  // Keys come faster than the page is drawn.
  const cursor = useRef(0);
  const move = index => {
    cursor.current = index;
    show(index);
  };
  const set = (more, replace) => go(['run', run, 'rollouts'], { ...query, ...more }, replace);
  const items = list.getVirtualItems();
  const from = items[0]?.index ?? 0;
  const to = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (total > 0) rows.see(from, to);
  }, [from, to, total]);
  const open = index => {
    const row = rows.rowAt(index);
    if (row) go(['run', run, 'rollouts', String(row.row)], { ...query, at: String(index) });
  };
  useEffect(() => {
    const pressed = event => {
      if (event.key === '/' && !typing(event)) {
        event.preventDefault();
        document.getElementById('search').focus();
      }
      if (typing(event) || (event.target.closest?.('a, button') && event.key === 'Enter')) return;
      const step = event.key === 'j' || event.key === 'ArrowDown' ? 1 : event.key === 'k' || event.key === 'ArrowUp' ? -1 : event.key === 'PageDown' ? 15 : event.key === 'PageUp' ? -15 : 0;
      if (step !== 0 && total > 0) {
        event.preventDefault();
        const next = Math.min(total - 1, Math.max(0, cursor.current + step));
        move(next);
        list.scrollToIndex(next);
      } else if (event.key === 'Enter' && total > 0) {
        open(cursor.current);
      }
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  });
  const shown = (query.cols ? query.cols.split(',') : usual).map(name => columns.find(column => column.name === name)).filter(Boolean);
  const layout = { gridTemplateColumns: shown.map(column => `minmax(0, ${column.wide}fr)`).join(' '), minWidth: `${shown.reduce((all, column) => all + column.wide * 6.2, 0)}rem` };
  return (
    <section aria-label="Rollouts">
      <Filters run={run} about={about} query={query} set={set} shown={shown} />
      {rows.error ? <Fault>{rows.error}</Fault> : null}
      <Count answer={rows.answer} query={query} />
      <div class="list" ref={scroller} tabIndex={0} role="region" aria-label="Rollouts, table; arrow keys move, Enter opens">
        <div role="table" aria-label="Rollouts" aria-rowcount={total + 1}>
          <div role="rowgroup" class="listhead" style={{ minWidth: layout.minWidth }}>
            <div role="row" class="listrow" style={layout} aria-rowindex={1}>
              {shown.map(column => (
                <span role="columnheader" aria-sort={query.sort === column.name ? (query.desc ? 'descending' : 'ascending') : undefined}>
                  <button type="button" class="sort" onClick={() => set({ sort: column.name, desc: query.sort === column.name && !query.desc ? '1' : undefined }, true)}>
                    {column.title}{query.sort === column.name ? (query.desc ? ' ↓' : ' ↑') : ''}
                  </button>
                </span>
              ))}
            </div>
          </div>
          <div role="rowgroup" class="listbody" style={{ height: `${list.getTotalSize()}px`, minWidth: layout.minWidth }}>
            {items.map(item => {
              const row = rows.rowAt(item.index);
              return (
                <div role="row" key={item.key} class={`listrow${item.index === at ? ' at' : ''}`} aria-rowindex={item.index + 2} style={{ ...layout, height: `${Height}px`, transform: `translateY(${item.start}px)` }} onClick={event => { move(item.index); if (!event.target.closest('a')) open(item.index); }}>
                  {row ? shown.map(column => (
                    <span role="cell" title={column.name === 'id' && row.snippet ? row.snippet : undefined}>
                      {column.name === 'id' ? <a href={address(['run', run, 'rollouts', String(row.row)], { ...query, at: String(item.index) })} tabIndex={item.index === at ? 0 : -1}>{column.cell(row)}</a> : column.cell(row)}
                      {column.name === 'id' && row.foundIn ? <small class="soft"> in {row.foundIn}: <Theirs>{row.snippet}</Theirs></small> : null}
                    </span>
                  )) : <span role="cell" class="soft">…</span>}
                </div>
              );
            })}
          </div>
        </div>
      </div>
    </section>
  );
}

function Filters({ about, query, set, shown, run }) {
  const { filters } = useFilters();
  const chosen = (query.filter ?? '').split(',').filter(Boolean);
  const [text, type] = useState(query.q ?? '');
  const timer = useRef();
  useEffect(() => type(query.q ?? ''), [query.q]);
  const toggle = name => set({ filter: (chosen.includes(name) ? chosen.filter(other => other !== name) : [...chosen, name]).join(',') || undefined });
  const same = preset => (query.filter ?? '') === (preset.filter ?? '') && (query.sort ?? '') === (preset.sort ?? '') && (query.desc ?? '') === (preset.desc ?? '');
  return (
    <form class="filters" role="search" onSubmit={event => { event.preventDefault(); set({ q: text || undefined }); }}>
      <div class="bar">
        <label>Search <input id="search" type="search" value={text} placeholder="prompts, responses, traces" onInput={event => {
          const value = event.currentTarget.value;
          type(value);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => set({ q: value || undefined }, true), 350);
        }} /></label>
        <label>Domain <select value={query.domain ?? ''} onChange={event => set({ domain: event.currentTarget.value || undefined })}>
          <option value="">all</option>
          {about.domains.slice(0, 2000).map(domain => <option value={domain}>{domain}</option>)}
        </select></label>
      </div>
      <div class="bar" role="group" aria-label="What to look at">
        {presets.map(([title, preset]) => <button type="button" aria-pressed={same(preset)} onClick={() => set({ filter: preset.filter, sort: preset.sort, desc: preset.desc })}>{title}</button>)}
      </div>
      <details>
        <summary>Filters and columns{chosen.length ? ` (${chosen.join(', ')})` : ''}</summary>
        <div class="bar" role="group" aria-label="Filters">
          {Object.entries(filters).map(([name, what]) => <label title={what}><input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} /> {name}</label>)}
        </div>
        <div class="bar" role="group" aria-label="Columns">
          {columns.map(column => (
            <label><input type="checkbox" checked={shown.includes(column)} onChange={() => {
              const next = columns.filter(other => (other === column ? !shown.includes(other) : shown.includes(other))).map(other => other.name);
              set({ cols: next.length === 0 ? undefined : next.join(',') }, true);
            }} /> {column.title}</label>
          ))}
        </div>
      </details>
    </form>
  );
}

let known;
function useFilters() {
  const [filters, set] = useState(known ?? {});
  useEffect(() => {
    if (!known) get('/api/runs').then(answer => set(known = answer.filters), () => {});
  }, []);
  return { filters };
}

function Count({ answer, query }) {
  if (!answer) return <p class="soft" role="status">Reading …</p>;
  const { search: found, index } = answer;
  return (
    <>
      <Progress stage={index.stage} share={index.share} />
      <p class="soft" role="status" id="count">
        {count(answer.total)} of {count(answer.all)} rollouts
        {found ? <>; “<Theirs>{query.q}</Theirs>” found in {count(found.found)}{found.done ? ', all looked through' : `, ${found.of ? percent(found.scanned / found.of, 0) : '…'} of ${(found.of / 1e6).toFixed(0)} MB looked through`}{found.fault ? ` (ended early: ${found.fault})` : ''}</> : null}
      </p>
    </>
  );
}
