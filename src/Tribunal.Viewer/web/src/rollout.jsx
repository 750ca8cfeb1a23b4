import { useEffect, useState } from 'preact/hooks';
import { address, go } from './address.js';
import { get, query as search } from './api.js';
import { typing } from './help.jsx';
import { count, decimal, Fault, response, Right, Theirs, useAsked, Waiting } from './parts.jsx';
import { Diff, Markdown, Text, Turns } from './texts.jsx';
import { Criteria, Judgement } from './judgement.jsx';
import { Bracket, Steps, WhatIf, Wins } from './votes.jsx';
import { Label } from './label.jsx';
import { asked } from './rollouts.jsx';

export function Rollout({ run, about, row, query, changed }) {
  const { answer, error, ask } = useAsked(`/api/runs/${run}/rollouts/${row}`, known => (known.judgements.length < known.row.votes.drawn && known.judgements.length === 0 ? 700 : 0));
  const { at, ...view } = query;
  const table = address(['run', run, 'rollouts'], view);
  const step = async by => {
    if (at === undefined) return;
    const next = Number(at) + by;
    if (next < 0) return;
    const rows = await get(`/api/runs/${run}/rollouts${search({ ...asked(view), offset: next, count: 1 })}`);
    if (rows.rows.length > 0) go(['run', run, 'rollouts', String(rows.rows[0].row)], { ...view, at: String(next) });
  };
  useEffect(() => {
    const pressed = event => {
      if (typing(event) || document.querySelector('dialog[open]')) return;
      if (event.key === 'j') step(1);
      if (event.key === 'k') step(-1);
      if (event.key === 'u' || event.key === 'Escape') location.hash = table;
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  });
  if (error && !answer) return <Fault>{error}</Fault>;
  if (!answer) return <Waiting of="Opening the rollout" />;
  const { rollout, verdict, judgements, row: known } = answer;
  const reload = () => { ask(); changed(); };
  return (
    <div class="rollout">
      <nav class="bar" aria-label="Where you are">
        <a href={table}>← <Theirs>{about.run.name}</Theirs></a>
        {at !== undefined ? <><button type="button" onClick={() => step(-1)} aria-label="Rollout before">↑ before</button><button type="button" onClick={() => step(1)} aria-label="Next rollout">↓ next</button></> : null}
      </nav>
      <h1><Theirs>{known.id}</Theirs></h1>
      <p id="verdict">
        {known.domain ? <>in <Theirs>{known.domain}</Theirs>; </> : null}
        {verdict ? (verdict.status === 'scored' ? <><strong>{response(verdict.best)}</strong> is best, confidence {decimal(verdict.confidence)}, margin {decimal(verdict.margin)}; </> : <>unscorable: <Theirs>{verdict.reason}</Theirs>; </>) : 'no verdict yet; '}
        <Right right={known.right} />
        {verdict?.stop ? `; sampling stopped: ${verdict.stop}` : ''}; {known.votes.valid} of {known.votes.drawn} judgements have a verdict, {count(known.votes.kept)} voted{known.neutralised ? `; ${known.neutralised} forged strings were made inert` : ''}{known.matched ? `; ${known.flipped} of ${known.matched} flipped by order` : ''}
      </p>
      {rollout ? <Texts rollout={rollout} verdict={verdict} label={answer.label} /> : <p class="banner">The batch is no longer where the run found it: prompts and responses are missing.</p>}
      <Label key={row} run={run} row={row} responses={rollout?.responses.length ?? known.responses} label={answer.label} saved={reload} />
      {verdict?.criteria ? <section aria-labelledby="criteria"><h2 id="criteria">Rubric</h2><Criteria criteria={verdict.criteria} caption="Mean grades over the judgements that voted" /></section> : null}
      {answer.rounds ? <Bracket rounds={answer.rounds} kind={answer.settings.tournament} /> : null}
      {answer.wins && answer.wins.length > 1 ? <Wins wins={answer.wins} /> : null}
      <Steps steps={answer.steps} tournament={answer.settings.tournament !== 'none'} />
      {judgements.length > 0 ? <WhatIf key={`vote${row}`} run={run} row={row} settings={answer.settings} drawn={judgements.length} verdict={verdict} /> : null}
      <section aria-labelledby="judgements">
        <h2 id="judgements">Judgements</h2>
        {judgements.length < known.votes.drawn ? <p class="soft">{judgements.length === 0 ? 'The ledger is still being read.' : `The first ${count(judgements.length)} of ${count(known.votes.drawn)}.`}</p> : null}
        <div class="judgements">{judgements.map(judgement => <Judgement key={`${row}-${judgement.sample}-${judgement.judge}`} run={run} row={row} judgement={judgement} />)}</div>
      </section>
    </div>
  );
}

export function Texts({ rollout, verdict, label }) {
  const [form, show] = useState('text');
  const [against, compare] = useState(0);
  const best = label?.best ?? rollout.best ?? [];
  const Shown = form === 'markdown' ? ({ label: name, text }) => <Markdown label={name} text={text} /> : ({ label: name, text }) => <Text label={name}>{text}</Text>;
  return (
    <section aria-labelledby="texts">
      <h2 id="texts">Prompt and responses</h2>
      <div class="bar" role="group" aria-label="How texts are shown">
        {[['text', 'As text'], ['markdown', 'As Markdown'], ...(rollout.responses.length > 1 ? [['diff', 'Differences']] : [])].map(([name, title]) => <button type="button" aria-pressed={form === name} onClick={() => show(name)}>{title}</button>)}
        {form === 'diff' ? <label>against <select value={against} onChange={event => compare(Number(event.currentTarget.value))}>{rollout.responses.map((_, i) => <option value={i}>{response(i)}</option>)}</select></label> : null}
      </div>
      {rollout.prompt.length === 1 ? <><h3>Prompt</h3><Shown label="Prompt" text={rollout.prompt[0].content} /></> : <Turns turns={rollout.prompt} label="Prompt" />}
      {rollout.reference ? <details><summary>Reference answer</summary><Text label="Reference answer">{rollout.reference}</Text></details> : null}
      <div class="side">
        {rollout.responses.map((one, i) => (
          <section class={`response${verdict?.best === i ? ' best' : ''}`} aria-label={response(i)}>
            <h3>{response(i)}{one.id ? <small> <Theirs>{one.id}</Theirs></small> : null}</h3>
            <p class="soft">{verdict?.rewards ? `reward ${decimal(verdict.rewards[i])}` : 'no reward'}{verdict?.best === i ? '; judged best' : ''}{best.includes(i) ? <>; <strong class="good">labelled best</strong></> : null}{(label?.scores ?? rollout.scores) ? `; labelled ${(label?.scores ?? rollout.scores)[i]}` : ''}</p>
            {form === 'diff' && i !== against ? <Diff label={`${response(i)} against ${response(against)}`} from={rollout.responses[against].text} to={one.text} />
              : one.turns ? <Turns turns={one.turns} label={response(i)} />
              : <Shown label={response(i)} text={one.text} />}
          </section>
        ))}
      </div>
      {rollout.metadata ? <details><summary>Metadata</summary><Text label="Metadata">{rollout.metadata}</Text></details> : null}
    </section>
  );
}
