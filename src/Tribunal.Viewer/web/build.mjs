// Makes dist/ out of src/: one script, one style sheet, the page, and the licences of what is bundled.
import { build } from 'esbuild';
import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';

const out = process.argv[2] ?? 'dist';
mkdirSync(out, { recursive: true });
await build({
  entryPoints: { app: 'src/main.jsx' },
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['es2022'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  charset: 'utf8',
  legalComments: 'none',
  outdir: out,
});
await build({ entryPoints: { app: 'src/app.css' }, bundle: true, minify: true, outdir: out });
writeFileSync(`${out}/index.html`, readFileSync('src/index.html', 'utf8'));

const bundled = ['preact', '@tanstack/virtual-core', 'diff', 'marked', 'dompurify'];
const texts = bundled.map(name => {
  const about = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
  const file = ['LICENSE', 'LICENSE.md', 'license'].find(file => { try { readFileSync(`node_modules/${name}/${file}`); return true; } catch { return false; } });
  const text = file ? readFileSync(`node_modules/${name}/${file}`, 'utf8').trim() : `${about.license}, ${about.author?.name ?? about.author ?? ''}`;
  return `${name} ${about.version}\n${'-'.repeat(60)}\n${text}\n`;
});
writeFileSync(`${out}/licences.txt`, `The pages of tribunal view hold these libraries.\n\n${texts.join('\n')}`.replaceAll('\r\n', '\n'));
