import { address } from './address.js';
import { count, Fault, money, percent, Progress, Rate, Theirs, useAsked, Waiting, when } from './parts.jsx';
import { Rollouts } from './rollouts.jsx';
import { Rollout } from './rollout.jsx';
import { Live } from './live.jsx';

const tabs = [['', 'Overview'], ['rollouts', 'Rollouts'], ['live', 'Live']];

export function Run({ run, rest, query }) {
  const { answer, error, ask } = useAsked(`/api/runs/${run}`, known => (known.index.stage && known.index.share < 1 ? 500 : known.run.state === 'running' ? 5000 : 0));
  const [tab = '', row] = rest;
  if (error && !answer) return <Fault>{error}</Fault>;
  if (!answer) return <Waiting of="Opening the run" />;
  return (
    <>
      {row === undefined ? (
        <div class="head">
          <h1><Theirs>{answer.run.name}</Theirs></h1>
          <p class="soft"><Theirs>{answer.run.model}</Theirs> by {answer.run.protocol}, {when(answer.run.created)} UTC · {answer.run.state}{answer.run.simulated ? ' · SIMULATED: these rewards say nothing of the responses' : ''}</p>
          <nav class="tabs" aria-label="Parts of the run">
            {tabs.map(([name, title]) => <a href={address(name ? ['run', run, name] : ['run', run])} aria-current={tab === name ? 'page' : undefined}>{title}</a>)}
          </nav>
        </div>
      ) : null}
      <Progress stage={answer.index.stage} share={answer.index.share} />
      {tab === 'rollouts' && row !== undefined ? <Rollout run={run} about={answer} row={Number(row)} query={query} changed={ask} />
        : tab === 'rollouts' ? <Rollouts run={run} about={answer} query={query} />
        : tab === 'live' ? <Live run={run} />
        : <Overview run={run} about={answer} />}
    </>
  );
}

function Overview({ run, about }) {
  const { summary, request } = about;
  if (!summary) return <p>This run has not ended: <a href={address(['run', run, 'live'])}>see how it goes</a>, or <a href={address(['run', run, 'rollouts'])}>look at what is there</a>.</p>;
  const outcomes = ['valid', 'unparsable', 'truncated', 'refused', 'failed'];
  const rollouts = (filter, more = {}) => address(['run', run, 'rollouts'], { filter, ...more });
  return (
    <>
      {summary.warnings.length > 0 ? <ul class="banner" aria-label="Warnings">{summary.warnings.map(text => <li>{text}</li>)}</ul> : null}
      <dl class="tiles">
        <div><dt>Rollouts scored</dt><dd>{count(summary.scored)}<small><a href={rollouts('unscorable')}>{count(summary.unscorable)} unscorable</a>, {count(summary.invalid)} invalid lines</small></dd></div>
        <div><dt>Judgements</dt><dd>{count(summary.judgements.drawn)}<small>{percent(summary.validRate?.value)} with a verdict</small></dd></div>
        <div><dt>Accuracy</dt><dd>{summary.overall.accuracy ? <Rate rate={summary.overall.accuracy} chance={summary.overall.chance} /> : <>–<small>no labels</small></>}</dd></div>
        <div><dt>Tokens</dt><dd>{count(summary.usage.input + summary.usage.output)}<small>{count(summary.usage.input)} in, {count(summary.usage.output)} out</small></dd></div>
        <div><dt>Cost</dt><dd>{money(summary.cost)}</dd></div>
        <div><dt>People's labels</dt><dd>{count(about.run.labels)}<small><a href={rollouts('noted')}>show them</a></small></dd></div>
      </dl>
      <section aria-labelledby="look">
        <h2 id="look">Where to look</h2>
        <ul class="links">
          <li><a href={rollouts('wrong', { sort: 'confidence', desc: '1' })}>Surest and wrong</a></li>
          <li><a href={rollouts('', { sort: 'confidence' })}>Most contested</a></li>
          <li><a href={rollouts('flipped', { sort: 'flipped', desc: '1' })}>Flipped by order</a> <span class="soft">{summary.flipRate ? percent(summary.flipRate.value) : ''}</span></li>
          <li><a href={rollouts('dropped')}>With judgements dropped by the meta filter</a></li>
          <li><a href={rollouts('neutralised', { sort: 'neutralised', desc: '1' })}>With forged strings made inert</a> <span class="soft">{summary.neutralised ? count(summary.neutralised.rollouts) : '0'}</span></li>
          <li><a href={rollouts('slow', { sort: 'slowest', desc: '1' })}>Slowest</a></li>
          <li><a href={rollouts('dear', { sort: 'tokens', desc: '1' })}>Most expensive</a></li>
        </ul>
      </section>
      <section aria-labelledby="plots">
        <h2 id="plots">Plots</h2>
        <div class="plots">{about.plots.map(plot => <Plot run={run} plot={plot} version={about.run.labels} />)}</div>
      </section>
      <section aria-labelledby="outcomes">
        <h2 id="outcomes">Outcomes</h2>
        <table><thead><tr><th scope="col">outcome</th><th scope="col">judgements</th><th scope="col">share</th></tr></thead>
          <tbody>{outcomes.map(name => <tr><th scope="row">{name === 'valid' ? name : <a href={rollouts(name)}>{name}</a>}</th><td>{count(summary.judgements[name])}</td><td>{percent(summary.judgements.drawn ? summary.judgements[name] / summary.judgements.drawn : 0)}</td></tr>)}</tbody></table>
        {summary.reasons ? <><h3>Commonest reasons</h3><ul>{summary.reasons.map(reason => <li>{count(reason.count)} × {reason.outcome}: <Theirs>{reason.words}</Theirs></li>)}</ul></> : null}
      </section>
      <section aria-labelledby="domains">
        <h2 id="domains">Domains</h2>
        <div class="scroll" tabIndex={0} role="region" aria-label="Domains, table">
          <table><thead><tr><th scope="col">domain</th><th scope="col">rollouts</th><th scope="col">labelled</th><th scope="col">accuracy</th><th scope="col">guessing</th></tr></thead>
            <tbody>{Object.entries(summary.domains).sort((a, b) => b[1].rollouts - a[1].rollouts).slice(0, 100).map(([name, domain]) => (
              <tr class={domain.belowChance ? 'bad' : ''}><th scope="row"><a href={rollouts('', { domain: name })}><Theirs>{name}</Theirs></a></th><td>{count(domain.rollouts)}</td><td>{count(domain.accuracy?.of ?? 0)}</td><td><Rate rate={domain.accuracy} /></td><td>{percent(domain.chance)}</td></tr>
            ))}</tbody></table>
        </div>
      </section>
      {request ? <section aria-labelledby="request"><h2 id="request">What was asked for</h2><pre tabIndex={0} role="region" aria-label="The request">{JSON.stringify(request, null, 2)}</pre></section> : null}
    </>
  );
}

function Plot({ run, plot, version }) {
  const path = `/api/runs/${run}/plots/${plot.name}`;
  return (
    <figure>
      <img src={`${path}.svg?v=${version}`} alt={`${plot.title}. ${plot.text}`} />
      <figcaption>{plot.marks ? <strong>{plot.marks}. </strong> : null}{plot.text}</figcaption>
      <p class="save"><a href={`${path}.svg`} download={`${plot.name}.svg`}>Save as SVG</a> <a href={`${path}.csv`} download={`${plot.name}.csv`}>Figures as CSV</a></p>
    </figure>
  );
}
