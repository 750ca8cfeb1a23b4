// What the page is told comes through here, and nothing else does: every text in it is made plain first.

const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Shows what would reorder or hide the text around it by its code point; line feeds, tabs and joiners stay. */
export function plain(text) {
  return text.replace(hidden, c => {
    const code = c.codePointAt(0);
    if (code === 10 || code === 9 || code === 0x200c || code === 0x200d) return c;
    return code === 13 ? '' : `⟦U+${code.toString(16).toUpperCase().padStart(4, '0')}⟧`;
  });
}

function read(text) {
  return JSON.parse(text, (_, value) => (typeof value === 'string' ? plain(value) : value));
}

async function ask(path, options) {
  const answer = await fetch(path, { ...options, credentials: 'same-origin' });
  const text = await answer.text();
  if (answer.ok) return read(text);
  let why = text;
  try {
    why = read(text).error ?? text;
  } catch {
    // What is no JSON says why by itself.
  }
  throw new Error(why.trim() || `the viewer answered ${answer.status}`);
}

export const get = (path, signal) => ask(path, { signal });

export const post = (path, body) =>
  ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body ?? {}) });

/** A query string of what is set. */
export function query(values) {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false);
  return set.length === 0 ? '' : '?' + new URLSearchParams(set.map(([name, value]) => [name, String(value)]));
}
