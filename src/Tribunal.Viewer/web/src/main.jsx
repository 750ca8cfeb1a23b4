import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { address, useAddress } from './address.js';
import { Runs } from './runs.jsx';
import { Run } from './run.jsx';
import { Compare } from './compare.jsx';
import { Help } from './help.jsx';

function App() {
  const { path, query } = useAddress();
  const [view, ...rest] = path;
  useEffect(() => {
    document.title = view === 'run' ? 'Run – Tribunal' : view === 'compare' ? 'Comparison – Tribunal' : 'Runs – Tribunal';
  }, [view]);
  return (
    <>
      <a class="skip" href="#main" onClick={event => { event.preventDefault(); document.getElementById('main').focus(); }}>Skip to the content</a>
      <header class="top">
        <a class="home" href={address([])}>Tribunal</a>
        <nav aria-label="Views"><a href={address([])} aria-current={view ? undefined : 'page'}>Runs</a></nav>
        <Help />
      </header>
      <main id="main" tabIndex={-1}>
        {view === 'run' ? <Run key={rest[0]} run={rest[0]} rest={rest.slice(1)} query={query} />
          : view === 'compare' ? <Compare query={query} />
          : <Runs query={query} />}
      </main>
      <footer><a href="/licences.txt">Licences</a> · everything here stays on this machine</footer>
    </>
  );
}

render(<App />, document.getElementById('app'));
