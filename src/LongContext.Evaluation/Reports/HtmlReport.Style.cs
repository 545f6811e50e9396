namespace LongContext.Evaluation.Reports;

internal sealed partial class HtmlReport
{
    /// <summary>
    /// What this page has beside the look of all reports. Colours of lines are told apart with any colour vision (after Okabe and Ito) and have markers and
    /// dashes too; those of the maps grow steadily lighter from worst to best (viridis), so that they also can be read in grey.
    /// </summary>
    private const string Style = """
        :root{--k0:#0062b1;--k1:#c44900;--k2:#00805c;--k3:#a8387f;--k4:#8a6a00;--k5:#2a93c9;--k6:#555b66;--k7:#6a3fc0;--best:#e4effc}
        @media screen and (prefers-color-scheme:dark){:root{--k0:#6cb4ff;--k1:#ff9a56;--k2:#3fcf9f;--k3:#ee8cc8;--k4:#e5c34b;--k5:#8fd7ff;--k6:#aab2bf;--k7:#b79cff;--best:#1d3350}}
        body{max-width:76rem}
        h1{margin-bottom:.2rem}
        h2{font-size:1.35rem;margin:3rem 0 .5rem}
        h3{font-size:1rem;margin:1.75rem 0 .5rem;overflow-wrap:anywhere}
        p{margin:.4rem 0 .8rem;max-width:52rem}
        .tile b{font-size:1.3rem;white-space:nowrap}
        .tiles{grid-template-columns:repeat(auto-fit,minmax(9rem,1fr))}
        .soft{color:var(--soft);font-weight:400}
        p.soft,header .soft{font-size:.92rem}
        .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
        nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;padding:.6rem 0;margin:.8rem 0 1.4rem;border-block:1px solid var(--line);font-size:.95rem}
        a{color:var(--c0)}
        :focus-visible{outline:2px solid var(--c0);outline-offset:2px}
        summary{cursor:pointer;color:var(--soft);font-size:.92rem;padding:.2rem 0}
        .scroll{position:relative}
        .verdict{margin:1rem 0 0;padding:0;list-style:none;font-size:1.05rem}
        .verdict li{margin:.2rem 0}
        .notes{margin:1rem 0 0;padding:.6rem 1rem .6rem 2rem;border:1px solid var(--line);border-left:.3rem solid var(--c1);border-radius:.4rem;background:var(--card)}
        .settings{margin-top:1rem}
        .settings dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:.25rem 1.5rem;margin:.3rem 0;font-size:.92rem}
        .settings dl div{display:flex;gap:.6rem;justify-content:space-between;border-bottom:1px solid var(--line);padding:.2rem 0}
        .settings dt{color:var(--soft)}
        dd{margin:0;overflow-wrap:anywhere}
        th.left,td.mean{text-align:left}
        th.name{overflow-wrap:anywhere;font-weight:600}
        .models td,.models thead th,.strategies td{white-space:nowrap}
        .models td.name,.strategies td.name,.models th.name,.strategies th.name{white-space:normal;min-width:8.5rem}
        .models th,.models td{padding-inline:.45rem}
        td.best{background:var(--best)}
        td b{font-weight:700}
        .mark{font-size:.72rem;font-weight:600;border:1px solid currentColor;border-radius:.7rem;padding:0 .4rem;margin-left:.25rem}
        td .soft,td small{font-size:.78rem}
        td small{display:block;color:var(--soft);white-space:nowrap}
        .bar{display:inline-block;width:4.5rem;height:.55rem;margin-right:.5rem;background:var(--line);border-radius:.3rem;overflow:hidden}
        .bar span{display:block;height:100%;background:var(--k0)}
        .tasks th{min-width:5.5rem}
        .tasks thead th{overflow-wrap:anywhere;vertical-align:bottom}
        .tasks .strategy{display:block;font-weight:400}
        .tasks tr.first>*{border-top:1px solid var(--line)}
        .tasks tr:not(:last-child)>*{border-bottom:0}
        .tasks tbody th:first-child{min-width:10rem}
        .tasks th.figure{padding-left:1.5rem;color:var(--soft)}
        .tasks tbody tr:not(.first)>*{padding-block:.1rem}
        .tasks tbody tr:last-child>*{padding-bottom:.5rem}
        .tasks th:first-child,.lengths th:first-child{position:sticky;left:0;background:var(--back)}
        .faults td,.faults th{text-align:left}
        .lengths{font-size:.9rem}
        .lengths th:first-child{min-width:9rem}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:.5rem 2.5rem}
        .chart{min-width:0}
        .chart h3{margin-top:1rem}
        .chart .legend svg{width:2rem;height:.8rem;vertical-align:-.1rem}
        .chart .legend{margin-left:1rem}
        .line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}
        .whisker{stroke:currentColor;stroke-width:1.5;opacity:.6}
        .point{fill:currentColor;stroke:var(--back);stroke-width:1}
        .d1{stroke-dasharray:7 4}.d2{stroke-dasharray:2 3}.d3{stroke-dasharray:9 3 2 3}
        .k0{color:var(--k0)}.k1{color:var(--k1)}.k2{color:var(--k2)}.k3{color:var(--k3)}.k4{color:var(--k4)}.k5{color:var(--k5)}.k6{color:var(--k6)}.k7{color:var(--k7)}
        .maps{display:flex;flex-wrap:wrap;gap:1rem 1.75rem}
        .map{max-width:100%;width:calc(3.6rem + var(--columns)*2.9rem)}
        .map figcaption{font-size:.88rem;margin-bottom:.25rem;overflow-wrap:anywhere}
        .heat{table-layout:fixed;border-collapse:separate;border-spacing:2px;min-width:calc(3.4rem + var(--columns)*2rem)}
        .heat th,.heat td{padding:.15rem .1rem;border:0;text-align:center;font-size:.8rem;font-weight:400;white-space:nowrap;overflow:hidden}
        .heat thead th:first-child{width:3.4rem}
        .heat tbody th{color:var(--soft);text-align:right;padding-right:.4rem}
        .heat td{height:1.7rem;vertical-align:middle;border-radius:.2rem;border:1px dashed var(--line)}
        .heat td[class]{border:0}
        .h0{background:#440154;color:#fff}.h1{background:#482878;color:#fff}.h2{background:#3e4a89;color:#fff}.h3{background:#31688e;color:#fff}.h4{background:#247584;color:#fff}.h5{background:#1f9e89;color:#000}.h6{background:#35b779;color:#000}.h7{background:#6dcd59;color:#000}.h8{background:#b4de2c;color:#000}
        .scale{display:flex;align-items:center;gap:.5rem;font-size:.85rem;color:var(--soft)}
        .swatches{display:inline-flex;border-radius:.2rem;overflow:hidden}
        .swatches i{width:2rem;height:1.1rem;font-style:normal;font-size:.75rem;text-align:center;line-height:1.1rem}
        .failure{border:1px solid var(--line);border-radius:.6rem;padding:.7rem 1rem .6rem;margin:0 0 .9rem;background:var(--card)}
        .failure h3{margin:0 0 .2rem}
        .failure p.soft{margin:0 0 .5rem}
        .score{display:inline-block;min-width:2.6rem;padding:0 .4rem;margin-right:.3rem;border-radius:.3rem;background:#440154;color:#fff;text-align:center;font-variant-numeric:tabular-nums}
        .failure dl{display:grid;grid-template-columns:6rem 1fr;gap:.2rem .8rem;margin:0 0 .3rem}
        .failure dt{color:var(--soft);font-size:.92rem;grid-column:1}
        .failure dd{grid-column:2}
        .text{white-space:pre-wrap;unicode-bidi:isolate}
        pre{margin:.3rem 0;padding:.6rem .8rem;border:1px solid var(--line);border-radius:.4rem;background:var(--back);white-space:pre-wrap;overflow-wrap:anywhere;font:.85rem/1.45 ui-monospace,SFMono-Regular,Consolas,"Noto Sans Mono",monospace;unicode-bidi:isolate}
        .cut{color:var(--soft);font-style:italic;text-align:center;margin:.2rem auto}
        @media(max-width:40rem){body{padding:1.2rem .8rem 3rem}.failure dl{grid-template-columns:1fr}.failure dd{grid-column:1}.bar{width:3rem}.tiles{grid-template-columns:repeat(auto-fit,minmax(7rem,1fr))}}
        @media print{
        @page{margin:14mm}
        body{font-size:10pt}
        nav,.numbers{display:none}
        h2{margin-top:1.6rem}h2,h3,thead,h2+p,.scale,figcaption{break-after:avoid}
        .scroll{overflow:visible}
        thead{display:table-header-group}
        .models,.tasks,.strategies,.faults{font-size:min(9pt,calc(150mm/var(--columns)/2.1))}
        .models thead th,.models th,.models td,.models td.name,.models th.name,.strategies td.name,.strategies th.name,.tasks th,.tasks td,.strategies th,.strategies td{padding:.25em .4em;min-width:0;white-space:normal}
        .tasks tbody th:first-child{min-width:0}
        .models .mark{display:block;width:max-content;margin:.1em 0 0 auto}
        .tasks tbody,.strategies tbody,.chart,.map,.failure,tr{break-inside:avoid}
        .tasks th:first-child{position:static}
        thead th,td .soft,td small{font-size:1em}
        .bar{display:none}
        .charts{grid-template-columns:1fr 1fr;gap:.3rem 1.2rem}
        .map{width:min(100%,calc(3.6rem + var(--columns)*2.4rem))}
        .heat{min-width:0;width:100%}
        .heat th,.heat td{font-size:min(8pt,calc(165mm/var(--columns)/2.6));overflow:visible}
        .heat td,.swatches i,.bar,.bar span,.score,td.best{print-color-adjust:exact;-webkit-print-color-adjust:exact}
        .failure{background:none;padding:.4rem .7rem}
        pre{font-size:7pt;padding:.3rem .5rem}
        .failure dl{grid-template-columns:6rem 1fr}.failure dd{grid-column:2}
        details::details-content{content-visibility:visible;display:block;block-size:auto}
        summary{list-style:none}
        }
        """;
}
