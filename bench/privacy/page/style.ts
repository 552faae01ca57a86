/** Colours are told apart by people with the common colour-vision deficiencies, in both schemes. */
export const STYLE = `
:root { color-scheme: light dark; --page: #fbfcfc; --card: #ffffff; --text: #1c2427; --soft: #5a676c; --rule: #dde3e5;
  --blue: #1f6fb5; --orange: #c2571a; --green: #0b7a5b; --violet: #7a4fb0; --gold: #96700a; --fill: #cdd6d9; }
@media (prefers-color-scheme: dark) { :root { --page: #12181a; --card: #1a2225; --text: #e4eaec; --soft: #9aa9ae;
  --rule: #2d383c; --blue: #6db1ee; --orange: #f2925a; --green: #3ec79d; --violet: #b79bea; --gold: #d9b44a;
  --fill: #3a484d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 28px 16px 64px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 6px; }
h2 { font-size: 1.25rem; margin: 44px 0 6px; }
h3 { font-size: 0.95rem; margin: 0 0 4px; }
p { max-width: 70ch; margin: 6px 0 12px; }
.soft { color: var(--soft); }
.grid { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px; min-width: 0; }
.key { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 0.85rem; color: var(--soft); margin: 4px 0 10px; }
.key span::before { content: ""; display: inline-block; width: 18px; height: 3px; margin-right: 6px;
  vertical-align: middle; background: currentColor; }
.key b { font-weight: 400; color: var(--soft); }
.key .area-key::before { height: 10px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.84rem; font-variant-numeric: tabular-nums; width: 100%; }
th, td { padding: 4px 10px 4px 0; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { font-weight: 600; color: var(--soft); vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
tr.ours td { font-weight: 600; color: var(--green); }
.met { color: var(--green); } .missed { color: var(--orange); font-weight: 700; }
svg { display: block; width: 100%; height: auto; }
svg text { font-family: system-ui, sans-serif; font-size: 12px; fill: var(--soft); }
svg .note { fill: var(--text); } svg .note.strong { font-weight: 700; fill: var(--green); }
svg .gridline { stroke: var(--rule); stroke-width: 1; } svg .axis { stroke: var(--soft); stroke-width: 1; }
.line { fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round; }
.dot { fill: currentColor; stroke: var(--card); stroke-width: 1; }
.area { stroke: none; fill: var(--fill); }
.published { color: var(--blue); } svg .published { stroke-width: 1; }
.truth { color: var(--text); } .truth-area { color: var(--fill); } .estimate { color: var(--orange); }
.series-1 { color: var(--blue); } .series-2 { color: var(--violet); } .series-3 { color: var(--orange); }
.series-4 { color: var(--gold); } .ours { color: var(--green); } svg .line.ours { stroke-width: 2.6; }
.bound { stroke-dasharray: 5 4; stroke-width: 1.3; } svg .line.ours.bound { stroke-width: 1.3; }
`;
