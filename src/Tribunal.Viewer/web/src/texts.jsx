import { useEffect, useMemo, useRef } from 'preact/hooks';
import { diffLines, diffWordsWithSpace } from 'diff';
import { Marked } from 'marked';
import DOMPurify from 'dompurify';

const LongDiff = 40_000;

// Markup in a text is a text, and what a link or picture points to is shown, not followed.
const escape = text => text.replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
const marked = new Marked({
  async: false,
  renderer: {
    html: ({ text }) => escape(text),
    link({ href, tokens }) {
      return `${this.parser.parseInline(tokens)} (${escape(href)})`;
    },
    image: ({ href, text }) => `${escape(text)} (${escape(href)})`,
  },
});

// What text may become: no link, no picture, no style, nothing that acts or asks anyone.
const allowed = {
  ALLOWED_TAGS: ['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'code', 'pre', 'em', 'strong', 'del', 'blockquote', 'hr', 'br', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'sub', 'sup'],
  ALLOWED_ATTR: [],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

/** A text as it is: a box of its own that scrolls. */
export function Text({ label, children }) {
  return <pre tabIndex={0} role="region" aria-label={label} dir="auto">{children}</pre>;
}

/** A text as Markdown, when a person asks for it. */
export function Markdown({ label, text }) {
  const box = useRef(null);
  useEffect(() => {
    box.current.replaceChildren(DOMPurify.sanitize(marked.parse(text), allowed));
  }, [text]);
  return <div class="markdown" ref={box} tabIndex={0} role="region" aria-label={label} dir="auto" />;
}

/** What a text has that another has not, and the other way round. */
export function Diff({ label, from, to }) {
  const parts = useMemo(() => (from.length + to.length > LongDiff ? diffLines(from, to) : diffWordsWithSpace(from, to)), [from, to]);
  return (
    <pre tabIndex={0} role="region" aria-label={label} dir="auto">
      {parts.map(part => (part.added ? <ins>{part.value}</ins> : part.removed ? <del>{part.value}</del> : part.value))}
    </pre>
  );
}

/** Turns of a conversation; a trajectory's calls and results among them. */
export function Turns({ turns, label }) {
  return (
    <ol class="turns" aria-label={label}>
      {turns.map((turn, i) => (
        <li class={`turn ${turn.role}`}>
          <h4>{turn.role}{turn.name ? <> (<bdi>{turn.name}</bdi>)</> : null}</h4>
          {turn.reasoning ? <details><summary>Thinking</summary><Text label={`Thinking of turn ${i + 1}`}>{turn.reasoning}</Text></details> : null}
          {turn.content ? <Text label={`Turn ${i + 1}, ${turn.role}`}>{turn.content}</Text> : null}
          {(turn.toolCalls ?? []).map(call => <div class="call"><h4>calls <bdi>{call.name}</bdi></h4><Text label={`Arguments of ${call.name}`}>{call.arguments}</Text></div>)}
        </li>
      ))}
    </ol>
  );
}
