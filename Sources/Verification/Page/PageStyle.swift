extension HTMLReport {
  /// The look: system fonts, one column that fits a phone, colors for light and dark.
  static let style = """
    :root { color-scheme: light dark; --text: #1c2024; --soft: #60666d; --line: #d9dce0; --ground: #fff; --card: #f6f7f8;
      --good: #116329; --good-ground: #e3f5e8; --bad: #b3121d; --bad-ground: #fdeaea; --warn: #8a5a00; --warn-ground: #fcf1db;
      --first: #2563c9; --second: #c2560c; --third: #0c8a78; --fourth: #8a4fc4; --fifth: #8b8f1a; }
    @media (prefers-color-scheme: dark) {
      :root { --text: #e6e8ea; --soft: #9aa1a9; --line: #363c43; --ground: #15181b; --card: #1e2226;
        --good: #6fdc8c; --good-ground: #12301b; --bad: #ff9a9a; --bad-ground: #3b1718; --warn: #f0b95a; --warn-ground: #38290d;
        --first: #7fb0ff; --second: #ffa25e; --third: #4fd1bd; --fourth: #c79bff; --fifth: #d6d95a; } }
    * { box-sizing: border-box; }
    body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); max-width: 64rem;
      margin: 0 auto; padding: 1rem; }
    h1 { font-size: 1.35rem; line-height: 1.3; overflow-wrap: anywhere; margin: .5rem 0 1rem; }
    h1 small { display: block; font-size: .9rem; font-weight: 400; color: var(--soft); }
    h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
    .verdict { border-radius: .5rem; padding: .9rem 1rem; margin: 0 0 1rem; }
    .verdict strong { font-size: 1.25rem; display: block; }
    .passed { color: var(--good); background: var(--good-ground); }
    .failed { color: var(--bad); background: var(--bad-ground); }
    .doubtful { color: var(--warn); background: var(--warn-ground); }
    .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .6rem; }
    .card { background: var(--card); border-radius: .5rem; padding: .6rem .8rem; }
    .card b { display: block; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
    .card span, .note { color: var(--soft); font-size: .875rem; }
    .note { margin: 0 0 .5rem; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; font-size: .875rem; width: 100%; }
    th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
      font-weight: 400; }
    th { color: var(--soft); white-space: nowrap; }
    td { white-space: nowrap; } td:last-child { white-space: normal; }
    td.number { white-space: nowrap; }
    .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    ul.findings { list-style: none; padding: 0; margin: 0; }
    ul.findings li { border-left: .25rem solid var(--soft); padding: .1rem 0 .1rem .75rem; margin: .5rem 0;
      overflow-wrap: anywhere; }
    ul.findings li.error { border-color: var(--bad); } ul.findings li.warning { border-color: var(--warn); }
    ul.findings b { font-weight: 600; } ul.findings small { color: var(--soft); }
    figure { margin: 0; } svg { width: 100%; height: auto; display: block; }
    svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
    @media (max-width: 40rem) { svg text { font-size: 19px; } svg .more { display: none; } }
    svg .grid { stroke: var(--line); } svg .first { stroke: var(--first); } svg .second { stroke: var(--second); }
    svg .third { stroke: var(--third); } svg .fourth { stroke: var(--fourth); } svg .limit { stroke: var(--bad); stroke-dasharray: 5 4; }
    svg .bar { fill: var(--first); }
    .key { font-size: .875rem; color: var(--soft); display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .25rem 0; }
    .key i { display: inline-block; width: 1.25rem; border-top: 3px solid; vertical-align: middle; margin-right: .4rem; }
    .key .first { color: var(--first); } .key .second { color: var(--second); } .key .third { color: var(--third); }
    .key .fourth { color: var(--fourth); } .key .fifth { color: var(--fifth); }
    .key .limit { color: var(--bad); } .key span { color: var(--soft); }
    .mix { display: flex; height: 1.25rem; border-radius: .35rem; overflow: hidden; margin: .5rem 0; }
    .mix div { min-width: 2px; border-right: 1px solid var(--ground); }
    .mix .first { background: var(--first); } .mix .second { background: var(--second); }
    .mix .third { background: var(--third); } .mix .fourth { background: var(--fourth); }
    .mix .fifth { background: var(--fifth); }
    pre { background: var(--card); border-radius: .5rem; padding: .75rem 1rem; overflow-x: auto; font-size: .875rem; }
    footer { color: var(--soft); font-size: .875rem; margin: 2rem 0 1rem; }
    """
}
