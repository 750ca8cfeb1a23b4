import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from './api.js';

const number = new Intl.NumberFormat('en');
export const count = value => (value === undefined || value === null ? '–' : number.format(value));
export const percent = (value, digits = 1) => (value === undefined || value === null ? '–' : `${(100 * value).toFixed(digits)} %`);
export const decimal = (value, digits = 3) => (value === undefined || value === null ? '–' : value.toFixed(digits));
export const seconds = ms => (ms === undefined || ms === null ? '–' : `${(ms / 1000).toFixed(2)} s`);
export const money = value => (value === undefined || value === null ? '–' : value.toFixed(value < 1 ? 4 : 2));
export const when = text => (text ? text.slice(0, 16).replace('T', ' ') : '–');
export const ordinal = n => ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth'][n] ?? `no. ${n + 1}`;
export const response = index => (index === undefined || index === null ? '–' : `Response ${index + 1}`);

export function duration(value) {
  if (value === undefined || value === null) return '–';
  const whole = Math.round(value);
  return whole < 60 ? `${whole} s` : whole < 3600 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Asks again whenever the path changes, and every so many milliseconds while `again` says so. */
export function useAsked(path, again) {
  const [state, set] = useState({});
  const asked = useRef(null);
  useEffect(() => {
    if (!path) return undefined;
    let timer;
    const ending = new AbortController();
    const ask = async () => {
      try {
        const answer = await get(path, ending.signal);
        set({ path, answer });
        const pause = again?.(answer);
        if (pause) timer = setTimeout(ask, pause);
      } catch (error) {
        if (error.name !== 'AbortError') set(before => ({ ...before, path, error: error.message }));
      }
    };
    asked.current = ask;
    ask();
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [path]);
  const current = state.path === path ? state : { answer: undefined };
  return { ...current, ask: () => asked.current?.() };
}

export function Fault({ children }) {
  return <p class="banner" role="alert">{children}</p>;
}

export function Waiting({ of = 'Reading' }) {
  return <p class="soft" role="status">{of} …</p>;
}

export function Progress({ stage, share }) {
  return stage ? (
    <p class="soft progress" role="status">
      <progress max="1" value={share} aria-label={`Reading ${stage}`} /> Reading {stage}: {percent(share, 0)}
    </p>
  ) : null;
}

export function Rate({ rate, chance }) {
  return rate ? <span title={`95 %: ${percent(rate.low)} to ${percent(rate.high)} of ${count(rate.of)}`}>{percent(rate.value)} <small>[{(100 * rate.low).toFixed(1)}, {(100 * rate.high).toFixed(1)}]{chance !== undefined ? `; guessing ${percent(chance)}` : ''}</small></span> : <>–</>;
}

export function Right({ right }) {
  return right === undefined || right === null ? <span class="soft">–</span> : right ? <span class="good">✓ right</span> : <span class="wrong">✗ wrong</span>;
}

/** Texts of others, apart from the page's own. */
export function Theirs({ children }) {
  return <bdi>{children}</bdi>;
}
