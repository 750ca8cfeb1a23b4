import { useEffect, useRef } from 'preact/hooks';

const keys = [
  ['/', 'search'],
  ['j, ↓', 'next row, or next rollout'],
  ['k, ↑', 'row or rollout before'],
  ['Enter', 'open the row'],
  ['u, Esc', 'back to the table'],
  ['1 to 9', 'label that response best'],
  ['n', 'write a note'],
  ['?', 'this list'],
];

export const typing = event => event.target.closest?.('input, textarea, select, [contenteditable]') || event.ctrlKey || event.metaKey || event.altKey;

export function Help() {
  const dialog = useRef(null);
  useEffect(() => {
    const pressed = event => {
      if (event.key === '?' && !typing(event)) dialog.current.showModal();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
  return (
    <>
      <button type="button" class="plain" onClick={() => dialog.current.showModal()}>Keys</button>
      <dialog ref={dialog} aria-labelledby="keys">
        <h2 id="keys">Keys</h2>
        <dl class="facts">{keys.map(([key, what]) => <><dt><kbd>{key}</kbd></dt><dd>{what}</dd></>)}</dl>
        <form method="dialog"><button onClick={event => { event.preventDefault(); dialog.current.close(); }}>Close</button></form>
      </dialog>
    </>
  );
}
