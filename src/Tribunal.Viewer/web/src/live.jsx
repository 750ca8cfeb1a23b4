import { useState } from 'preact/hooks';
import { post } from './api.js';
import { count, decimal, duration, Fault, money, percent, Theirs, useAsked, Waiting } from './parts.jsx';

export function Live({ run }) {
  const { answer, error, ask } = useAsked(`/api/runs/${run}/live`, known => (known.state === 'done' && !known.stopRequested ? 5000 : 1000));
  const [said, say] = useState(null);
  const [asking, confirm] = useState(false);
  if (error && !answer) return <Fault>{error}</Fault>;
  if (!answer) return <Waiting of="Looking at the run" />;
  const { judgements } = answer;
  const act = async what => {
    confirm(false);
    try {
      say((await post(`/api/runs/${run}/${what}`)).done);
      ask();
    } catch (fault) {
      say(fault.message);
    }
  };
  return (
    <section aria-labelledby="live">
      <h2 id="live">{answer.state === 'running' ? 'Under way' : answer.state === 'done' ? 'Done' : 'Stopped'}</h2>
      {answer.share !== undefined ? <p class="progress"><progress max="1" value={answer.share} aria-label="How far the run is" /> <span id="share">{percent(answer.share, 1)}</span></p> : null}
      <dl class="tiles">
        <div><dt>Judgements</dt><dd id="drawn">{count(judgements.drawn)}<small>{answer.expected ? `of ${count(answer.expected)}` : `${answer.shardsDone} of ${answer.shards} shards done`}</small></dd></div>
        <div><dt>Rate</dt><dd>{answer.rate !== undefined ? `${decimal(answer.rate, 1)} / s` : '–'}<small>over the last minute</small></dd></div>
        <div><dt>Time left</dt><dd>{duration(answer.secondsLeft)}<small>{answer.quietSeconds !== undefined ? `last judgement ${duration(answer.quietSeconds)} ago` : ''}</small></dd></div>
        <div><dt>Valid</dt><dd>{judgements.drawn ? percent(judgements.valid / judgements.drawn) : '–'}<small>{count(judgements.unparsable)} unparsable, {count(judgements.truncated)} truncated, {count(judgements.refused)} refused, {count(judgements.failed)} failed</small></dd></div>
        <div><dt>Tokens</dt><dd>{count(answer.usage.input + answer.usage.output)}</dd></div>
        <div><dt>Cost</dt><dd>{money(answer.cost)}</dd></div>
      </dl>
      <div class="bar">
        {answer.state === 'running' ? <button type="button" disabled={answer.stopRequested} onClick={() => act('stop')}>Stop</button> : null}
        {answer.state !== 'done' ? <button type="button" disabled={!answer.resume} onClick={() => confirm(true)}>Resume</button> : null}
        <span class="soft" role="status">{said ?? (answer.stopRequested ? 'asked to stop: what is in flight ends first' : answer.state !== 'done' && !answer.resume && answer.state !== 'running' ? 'no command was recorded that could be run from here: give it in a terminal' : '')}</span>
      </div>
      {asking ? (
        <div class="banner" role="alertdialog" aria-label="Resume">
          <p>This runs on this machine, with the environment that <code>tribunal view</code> was started in:</p>
          <pre tabIndex={0} role="region" aria-label="The command">tribunal {answer.resume.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')}</pre>
          <button type="button" onClick={() => act('resume')}>Run it</button> <button type="button" onClick={() => confirm(false)}>Not now</button>
        </div>
      ) : null}
      {answer.said ? <Fault>The command ended: <Theirs>{answer.said}</Theirs></Fault> : null}
      <h3>Newest without a verdict</h3>
      {answer.failures.length === 0 ? <p class="soft">None{answer.state === 'done' ? ' is watched any more: see Outcomes' : ' so far'}.</p> : (
        <ul>{answer.failures.map(failure => <li><Theirs>{failure.rolloutId}</Theirs>, sample {failure.sample}: <strong>{failure.outcome}</strong>: <Theirs>{failure.why ?? 'no reason'}</Theirs></li>)}</ul>
      )}
    </section>
  );
}
