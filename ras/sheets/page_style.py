"""How a page of results looks: dark or light as the reader's system is, and on paper. No script, nothing from outside.

The colours are those of the window (``gui/palette.py``), with a contrast of at least 4.5 where there is text.
"""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f2f3f5; --panel: #ffffff; --line: #d0d3d9; --text: #1e1f22; --muted: #4e5058; --link: #3f4ac4;
  --well: #ebedf0; --hush: #d8dbe0; --identical: #1a7a42; --altered: #3f4ac4; --alike: #8a5200; --unlikely: #5c5e66;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #1e1f22; --panel: #2b2d31; --line: #43454c; --text: #f2f3f5; --muted: #b5bac1; --link: #a5adff;
    --well: #232428; --hush: #474a51; --identical: #1f7d46; --altered: #4954d6; --alike: #8f5a0a; --unlikely: #5c5e66;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 32px clamp(16px, 4vw, 48px) 48px; max-width: 1680px; background: var(--ground);
  color: var(--text); font: 15px/1.5 "Segoe UI", system-ui, -apple-system, "Noto Sans", "Helvetica Neue", sans-serif;
}
a { color: var(--link); text-underline-offset: 3px; }
a:focus-visible, summary:focus-visible, input:focus-visible + * { outline: 3px solid var(--link); outline-offset: 2px; }
h1, h2, p, ul { margin: 0; }
section + section { margin-top: 56px; padding-top: 40px; border-top: 1px solid var(--line); }
.asked { display: flex; gap: 28px; align-items: center; margin-bottom: 28px; }
.asked > img { max-width: min(260px, 40vw); max-height: 220px; border-radius: 12px; border: 1px solid var(--line); }
.asked > div { min-width: 0; }
.kicker { color: var(--muted); font-size: 13px; letter-spacing: .06em; text-transform: uppercase; }
h1, h2.name { font-size: clamp(22px, 3vw, 32px); line-height: 1.2; font-weight: 650; overflow-wrap: anywhere; }
.facts { margin-top: 8px; color: var(--muted); }
.counts { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 14px; padding: 0; list-style: none; }
.pill {
  display: inline-block; padding: 2px 11px; border-radius: 99px; color: #fff; font-size: 13px; font-weight: 600;
  line-height: 1.6; print-color-adjust: exact; -webkit-print-color-adjust: exact;
}
.identical { background: var(--identical); } .altered { background: var(--altered); }
.alike { background: var(--alike); } .unlikely { background: var(--unlikely); }
.grid {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(min(270px, 100%), 1fr)); gap: 18px; margin: 0;
  padding: 0; list-style: none;
}
.card {
  display: flex; flex-direction: column; min-width: 0; overflow: hidden; background: var(--panel);
  border: 1px solid var(--line); border-radius: 12px; break-inside: avoid;
}
.frame { position: relative; display: block; aspect-ratio: 4 / 3; overflow: hidden; background: var(--well); }
.frame img { display: block; width: 100%; height: 100%; object-fit: contain; }
.frame .none {
  display: grid; place-items: center; height: 100%; padding: 16px; color: var(--muted); text-align: center;
}
.veil { cursor: pointer; }
.veil input, .hush input { position: absolute; opacity: 0; }
.veil img { filter: blur(30px); transform: scale(1.1); }
.veil .word {
  position: absolute; z-index: 1; inset: 0; margin: auto; width: max-content; height: max-content; padding: 6px 16px;
  border-radius: 99px; background: #000000cc; color: #fff; font-weight: 600; letter-spacing: .05em;
}
.veil input:checked ~ img { filter: none; transform: none; }
.veil input:checked ~ .word { opacity: 0; }
.hush { cursor: pointer; }
.hush span { padding: 0 3px; border-radius: 4px; background: var(--hush); color: transparent; }
.hush input:checked + span { color: inherit; }
.told { display: flex; justify-content: space-between; align-items: center; gap: 8px; padding: 12px 14px 0; }
.score { color: var(--muted); font-size: 13px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.changes { padding: 4px 14px 0; color: var(--muted); font-size: 13px; }
.who { padding: 8px 14px 0; overflow-wrap: anywhere; }
.who b { font-weight: 650; }
.where { padding: 0 14px; color: var(--muted); font-size: 13px; overflow-wrap: anywhere; }
.message {
  margin: 10px 14px 0; padding: 8px 12px; max-height: calc(10.5em + 16px); overflow: auto;
  border-left: 3px solid var(--line); border-radius: 4px; background: var(--well); font-size: 14px;
  white-space: pre-wrap; overflow-wrap: anywhere;
}
.links { display: flex; flex-wrap: wrap; gap: 2px 16px; margin-top: auto; padding: 10px 14px 14px; font-size: 14px; }
.file { padding: 8px 14px 0; color: var(--muted); font-size: 13px; overflow-wrap: anywhere; }
details { margin-top: 28px; }
summary { padding: 8px 0; color: var(--muted); cursor: pointer; font-weight: 600; }
details .grid { margin-top: 10px; }
footer { margin-top: 48px; color: var(--muted); font-size: 13px; }
@media (max-width: 640px) { .asked { flex-direction: column; align-items: flex-start; } }
@media print {
  :root {
    --ground: #fff; --panel: #fff; --line: #bbb; --text: #000; --muted: #444; --link: #000; --well: #fff;
    --hush: #ddd; --identical: #1a7a42; --altered: #3f4ac4; --alike: #8a5200; --unlikely: #5c5e66;
  }
  body { padding: 0; font-size: 11px; }
  .grid { grid-template-columns: repeat(3, 1fr); gap: 10px; }
  .asked { break-inside: avoid; break-after: avoid; }
  .message { max-height: 12em; overflow: hidden; }
  .score, .changes, .where, .message, .file, .links { font-size: 10px; }
  .pill { font-size: 10px; }
  section + section { margin-top: 24px; padding-top: 24px; }
}
"""
