import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from './api.js';
import { count, decimal, ordinal, response, seconds, Theirs } from './parts.jsx';
import { Text } from './texts.jsx';

/** What a judgement says, in words. */
export function said(judgement) {
  if (judgement.outcome !== 'valid') return `${judgement.outcome}${judgement.why ? `: ${judgement.why}` : ''}`;
  if (judgement.scores) return judgement.scores.map((score, i) => `Response ${i + 1}: ${Number(score.toFixed(2))}`).join(', ');
  return judgement.winner === undefined || judgement.winner === null ? 'a draw' : `${response(judgement.winner)} wins`;
}

/** The order of display in words. */
export const shown = order => order.map((original, place) => `${response(original)}, shown ${ordinal(place)}`).join('; ');

export function Judgement({ run, row, judgement }) {
  const [texts, set] = useState(judgement);
  const [fault, fail] = useState(null);
  const more = async () => {
    try {
      set(await get(`/api/runs/${run}/rollouts/${row}/judgements/${judgement.sample}`));
    } catch (error) {
      fail(error.message);
    }
  };
  const box = useRef(null);
  // The verdict stands at the end of a long answer: that is what is looked for.
  useEffect(() => {
    const found = box.current.querySelector('mark');
    if (found) found.parentElement.scrollTop = Math.max(0, found.offsetTop - found.parentElement.clientHeight + 3 * found.offsetHeight);
  }, [texts]);
  const [before, mark, after] = texts.answer ?? ['', '', ''];
  return (
    <article ref={box} class={`judgement ${judgement.outcome}${judgement.voted ? '' : ' unused'}`} id={`sample-${judgement.sample}`}>
      <h3>Sample {judgement.sample}</h3>
      <p class="said"><strong><Theirs>{said(judgement)}</Theirs></strong></p>
      <p class="soft">
        {shown(judgement.order)}
        <br />
        {judgement.meta !== undefined ? `meta reward ${decimal(judgement.meta)}; ` : ''}
        {judgement.outcome === 'valid' ? (judgement.voted ? 'voted' : 'dropped') + '; ' : ''}
        {seconds(judgement.latencyMs)}; {count(judgement.usage.output)} tokens out{judgement.requests > 1 ? `; ${judgement.requests} requests` : ''}{judgement.finish ? <>; ended by <Theirs>{judgement.finish}</Theirs></> : null}
        {judgement.neutralised ? `; ${judgement.neutralised} strings made inert` : ''}
        {judgement.route ? <>; route <Theirs>{judgement.route}</Theirs></> : null}
        <br />
        <Theirs>{judgement.judge}</Theirs>
      </p>
      {judgement.criteria ? <Criteria criteria={judgement.criteria} /> : null}
      {texts.thinking ? <details><summary>Thinking ({count(texts.thinking.length)} characters)</summary><Text label={`Thinking of sample ${judgement.sample}`}>{texts.thinking}</Text></details> : null}
      {texts.answer && (before || mark || after) ? <Text label={`Answer of sample ${judgement.sample}`}>{before.trimStart()}{mark ? <mark>{mark}</mark> : null}{mark ? after.trimEnd() : after}</Text> : null}
      {texts.textsLeftOut ? <button type="button" onClick={more}>Show the texts</button> : null}
      {fault ? <p class="wrong" role="alert">{fault}</p> : null}
    </article>
  );
}

/** Grades of a rubric's criteria, a column for each response. */
export function Criteria({ criteria, caption = 'Grades by criterion' }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${caption}, table`}>
      <table>
        <caption>{caption}</caption>
        <thead><tr><th scope="col">criterion</th>{criteria[0]?.grades.map((_, i) => <th scope="col">{response(i)}</th>)}</tr></thead>
        <tbody>{criteria.map(one => <tr><th scope="row"><Theirs>{one.id}</Theirs></th>{one.grades.map(value => <td>{Number(value.toFixed(3))}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}
