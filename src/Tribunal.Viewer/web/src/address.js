// What is shown stands in the address, so that a link shows the same.
import { useEffect, useState } from 'preact/hooks';

export function parse(hash) {
  const [path, search = ''] = hash.replace(/^#\/?/, '').split('?');
  return { path: path.split('/').filter(Boolean).map(decodeURIComponent), query: Object.fromEntries(new URLSearchParams(search)) };
}

export function address(path, values = {}) {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const search = set.length === 0 ? '' : '?' + new URLSearchParams(set);
  return '#/' + path.map(encodeURIComponent).join('/') + search;
}

export function go(path, values, replace = false) {
  const to = address(path, values);
  if (replace) {
    history.replaceState(null, '', to);
    dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    location.hash = to;
  }
}

export function useAddress() {
  const [at, set] = useState(() => parse(location.hash));
  useEffect(() => {
    const changed = () => set(parse(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return at;
}
