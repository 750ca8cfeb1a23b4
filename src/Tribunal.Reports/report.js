'use strict';
// The table of all rollouts: unpacked, searched and sorted here, written with textContent alone. Nothing is asked of anyone.
(async () => {
  const packed = document.getElementById('packed');
  const body = document.getElementById('all-rows');
  if (!packed || !body) return;
  const bytes = Uint8Array.from(atob(packed.content.textContent.trim()), c => c.charCodeAt(0));
  const rows = JSON.parse(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text());
  const search = document.getElementById('all-search');
  const only = document.getElementById('all-only');
  const status = document.getElementById('all-status');
  const more = document.getElementById('all-more');
  const heads = [...document.querySelectorAll('#all thead button')];
  let sort = null, down = false, shown = 100;
  const texts = rows.map(row => `${row[0]}\n${row[1]}\n${row[9]}`.toLowerCase());
  const passes = i => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const what = only.value, row = rows[i];
    return words.every(word => texts[i].includes(word))
      && (what === '' || (what === 'wrong' && row[2] === 0) || (what === 'right' && row[2] === 1) || (what === 'none' && row[3] === null) || (what === 'contested' && row[4] !== null && row[4] < 0.6));
  };
  const word = (row, column) => {
    const value = row[column];
    if (column === 2) return value === 1 ? '✓ right' : value === 0 ? '✗ wrong' : '–';
    if (value === null) return column === 3 ? 'unscorable' : '–';
    return column === 3 ? `Response ${value + 1}` : column === 4 || column === 5 ? value.toFixed(3) : String(value);
  };
  const draw = () => {
    const found = rows.map((_, i) => i).filter(passes);
    if (sort !== null) {
      found.sort((a, b) => {
        const x = rows[a][sort], y = rows[b][sort];
        if (x === y) return a - b;
        if (x === null) return 1;
        if (y === null) return -1;
        return (x < y ? -1 : 1) * (down ? -1 : 1);
      });
    }
    status.textContent = `${found.length} of ${rows.length} rollouts${found.length > shown ? `, the first ${shown}` : ''}`;
    more.hidden = found.length <= shown;
    body.replaceChildren(...found.slice(0, shown).map(i => {
      const line = document.createElement('tr');
      rows[i].forEach((_, column) => {
        const cell = document.createElement(column === 0 ? 'th' : 'td');
        if (column === 0) cell.scope = 'row';
        if (column < 2 || column === 9) cell.className = 'words';
        const text = document.createElement('bdi');
        text.textContent = word(rows[i], column);
        cell.append(text);
        line.append(cell);
      });
      return line;
    }));
  };
  heads.forEach((head, column) => head.addEventListener('click', () => {
    down = sort === column ? !down : false;
    sort = column;
    heads.forEach((other, i) => {
      if (i === sort) other.closest('th').setAttribute('aria-sort', down ? 'descending' : 'ascending');
      else other.closest('th').removeAttribute('aria-sort');
    });
    draw();
  }));
  search.addEventListener('input', draw);
  only.addEventListener('change', draw);
  more.addEventListener('click', () => { shown += 500; draw(); });
  document.getElementById('all-tools').hidden = false;
  draw();
})();
