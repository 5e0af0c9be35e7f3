extension Page {
  /// Shows each row of a table as a list, whose entries have the titles of the columns.
  private static func stacked(_ table: String) -> String {
    """
    \(table), \(table) :is(tbody, tr, td) { display: block; } \(table) thead { display: none; }
      \(table) tr { border-bottom: 1px solid var(--line); padding: .6rem 0; }
      \(table) td { border: 0; padding: .1rem 0 .1rem 9rem; text-align: left; white-space: normal; min-height: 1.5rem; position: relative; }
      \(table) td::before { content: attr(data-label); position: absolute; left: 0; width: 8.5rem; color: var(--soft); }
      \(table) td:first-child { font-weight: 600; padding-left: 0; } \(table) td:first-child::before { content: none; }
      \(table) td:empty { display: none; }
    """
  }

  /// The look: system fonts, one column that fits a phone, colors for light, dark and paper.
  static let style = """
    :root { color-scheme: light dark; --text: #1b1f24; --soft: #59626c; --line: #d8dce1; --ground: #fff; --card: #f5f6f8;
      --good: #0f5c28; --good-ground: #e2f5e8; --bad: #a4101b; --bad-ground: #fde9e9; --warn: #7d5100; --warn-ground: #fcf0d6;
      --first: #2563c9; --second: #c2560c; --third: #0c8a78; --fourth: #8a4fc4; --fifth: #8b8f1a; --on: #fff;
      --s0: #2f9e57; --s1: #8abf4a; --s2: #e0b93c; --s3: #e08a3c; --s4: #cf4a45; }
    @media screen and (prefers-color-scheme: dark) {
      :root { --text: #e7e9ec; --soft: #a3abb4; --line: #39404a; --ground: #14171a; --card: #1e2327;
        --good: #7fe39b; --good-ground: #10301a; --bad: #ffa3a3; --bad-ground: #3c1719; --warn: #f3c06a; --warn-ground: #38290c;
        --first: #7fb0ff; --second: #ffa25e; --third: #4fd1bd; --fourth: #c79bff; --fifth: #d6d95a; --on: #14171a; } }
    * { box-sizing: border-box; }
    body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); max-width: 66rem;
      margin: 0 auto; padding: 1.25rem 1rem; overflow-wrap: anywhere; }
    header p { margin: 0; color: var(--soft); }
    h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .35rem; }
    h2 { font-size: 1.35rem; line-height: 1.3; margin: 2.75rem 0 .75rem; padding-top: .75rem; border-top: 2px solid var(--line); }
    h3 { font-size: 1rem; margin: 1.75rem 0 .4rem; }
    .verdicts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem; margin: 1.25rem 0 0; }
    .verdict { border-radius: .6rem; padding: 1rem 1.15rem; }
    .verdict span { display: block; font-size: .875rem; }
    .verdict strong { display: block; font-size: 1.9rem; line-height: 1.2; margin: .1rem 0 .4rem; }
    .verdict p { margin: 0; } .verdict p + p { margin-top: .35rem; font-size: .875rem; }
    .passed { color: var(--good); background: var(--good-ground); }
    .failed { color: var(--bad); background: var(--bad-ground); }
    .doubtful { color: var(--warn); background: var(--warn-ground); }
    .note, .card p { color: var(--soft); font-size: .875rem; margin: 0 0 .6rem; }
    .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 11.5rem), 1fr)); gap: .75rem; }
    .card { background: var(--card); border-radius: .6rem; padding: .8rem 1rem; }
    .card h3 { font-size: .875rem; font-weight: 400; color: var(--soft); margin: 0; }
    .card .value { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
    .card p { margin: 0; }
    .scale { position: relative; height: 2.2rem; margin: .7rem .25rem 0; }
    .sections { display: flex; gap: 1px; height: .6rem; border-radius: .3rem; overflow: hidden; }
    .sections i { flex: 1; } .sections i:nth-child(1) { background: var(--s0); } .sections i:nth-child(2) { background: var(--s1); }
    .sections i:nth-child(3) { background: var(--s2); } .sections i:nth-child(4) { background: var(--s3); }
    .sections i:nth-child(5) { background: var(--s4); }
    .scale b { position: absolute; top: -.2rem; height: 1rem; }
    .scale .band { background: var(--text); opacity: .35; } .scale .here { width: 3px; margin-left: -1.5px; background: var(--text); }
    .scale span { position: absolute; top: .8rem; font-size: .75rem; color: var(--soft); transform: translateX(-50%); white-space: nowrap; }
    table { border-collapse: collapse; font-size: .875rem; width: 100%; }
    th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; font-weight: 400; }
    th:last-child, td:last-child { padding-right: 0; }
    th { color: var(--soft); overflow-wrap: normal; } td:first-child { min-width: 8rem; }
    .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    ul.findings { list-style: none; padding: 0; margin: 0; }
    ul.findings li { border-left: .25rem solid var(--soft); padding: .1rem 0 .1rem .75rem; margin: .6rem 0; }
    ul.findings li.error { border-color: var(--bad); } ul.findings li.warning { border-color: var(--warn); }
    ul.findings b { font-weight: 600; } ul.findings small { color: var(--soft); }
    figure { margin: 0; }
    .axis-title { font-size: .8rem; color: var(--soft); margin: 0 0 .5rem; } .axis-title.x { text-align: right; margin: 1.9rem 0 .25rem; }
    .plot { position: relative; height: 17rem; margin-left: 3.25rem; margin-right: .75rem; border-left: 1px solid var(--soft); border-bottom: 1px solid var(--soft); }
    .plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
    .plot svg * { vector-effect: non-scaling-stroke; }
    .plot span { position: absolute; font-size: .8rem; line-height: 1; white-space: nowrap; color: var(--soft); }
    .tick.y { right: calc(100% + .45rem); transform: translateY(50%); }
    .tick.x { top: calc(100% + .5rem); transform: translateX(-50%); }
    .tick.x.start { transform: none; } .tick.x.end { transform: translateX(-100%); }
    polyline { fill: none; stroke-width: 2; } .grid { stroke: var(--line); } .bar { fill: var(--first); opacity: .65; }
    svg .first { stroke: var(--first); } svg .second { stroke: var(--second); } svg .third { stroke: var(--third); }
    svg .fourth { stroke: var(--fourth); } svg .limit { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 5 4; }
    svg .mean { stroke: var(--second); stroke-width: 2; } svg .tail { stroke: var(--fourth); stroke-width: 2; stroke-dasharray: 2 3; }
    svg .front { stroke: var(--third); stroke-width: 2; stroke-dasharray: 6 4; }
    svg .best { stroke: var(--third); } svg .beaten { stroke: var(--soft); } svg .range { stroke-width: 2; opacity: .6; }
    .dot { position: absolute; width: .75rem; height: .75rem; margin: 0 0 -.375rem -.375rem; border-radius: 50%; border: 2px solid var(--ground); }
    .dot.best { background: var(--third); } .dot.beaten { background: var(--soft); }
    .plot .name { color: var(--text); } .name.right { transform: translate(.6rem, 50%); } .name.left { transform: translate(calc(-100% - .6rem), 50%); }
    .name.above { transform: translate(-50%, -.65rem); } .name.below { transform: translate(-50%, calc(100% + .65rem)); }
    .key { font-size: .875rem; color: var(--soft); display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .4rem 0; }
    .key i { display: inline-block; width: 1.4rem; border-top: 3px solid; vertical-align: middle; margin-right: .45rem; }
    .key .first { color: var(--first); } .key .second, .key .mean { color: var(--second); } .key .third, .key .front { color: var(--third); }
    .key .fourth { color: var(--fourth); } .key .fifth { color: var(--fifth); } .key .limit { color: var(--bad); border-top-style: dashed; }
    .key .tail { color: var(--fourth); border-top-style: dotted; } .key .front { border-top-style: dashed; }
    .mix { display: flex; height: 2.1rem; border-radius: .4rem; overflow: hidden; margin: .5rem 0; }
    .mix div { min-width: 2px; border-right: 1px solid var(--ground); color: var(--on); font-size: .8rem; line-height: 2.1rem; padding: 0 .4rem; overflow: hidden; white-space: nowrap; }
    .mix .thin { padding: 0; }
    .mix .first { background: var(--first); } .mix .second { background: var(--second); } .mix .third { background: var(--third); }
    .mix .fourth { background: var(--fourth); } .mix .fifth { background: var(--fifth); }
    .context { font-family: ui-monospace, monospace; font-size: .85rem; background: var(--card); border-radius: .4rem; padding: .5rem .7rem; margin: 0 0 .3rem; white-space: pre-wrap; }
    .context mark { background: none; color: inherit; border-bottom: 2px solid var(--first); }
    ol.positions { padding: 0; margin: 0; list-style: none; } ol.positions li { margin: 0 0 1rem; } ol.positions p { margin: 0; font-size: .875rem; } ol.positions small { white-space: nowrap; }
    summary { cursor: pointer; padding: .35rem 0; }
    pre { background: var(--card); border-radius: .5rem; padding: .75rem 1rem; font-size: .875rem; white-space: pre-wrap; margin: 0; }
    footer { color: var(--soft); font-size: .875rem; margin: 2rem 0 1rem; }
    @media screen and (max-width: 44rem) {
      h1 { font-size: 1.3rem; } .verdict strong { font-size: 1.6rem; } .minor { display: none; } .plot { height: 14rem; }
    }
    @media screen and (max-width: 44rem) { \(stacked(".few")) }
    @media screen and (max-width: 64rem) { \(stacked(".many")) }
    @media print {
      body { font-size: 11pt; max-width: none; padding: 0; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      details::details-content { content-visibility: visible; display: block; } summary { list-style: none; font-weight: 600; }
      .card, .verdict, .part figure, tr, ol.positions li, pre { break-inside: avoid; } h2, h3 { break-after: avoid; }
      table { font-size: 8.5pt; } .plot { height: 12rem; }
    }
    """
}
