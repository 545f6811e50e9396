using System.Globalization;
using System.Text;

namespace LongContext.Data.Reports;

/// <summary>What pages of reports have in common: the look, the beginning and the end, and how data becomes text of a page.</summary>
/// <remarks>A page is one file: the policy in its head forbids the browser to run or to load anything at all.</remarks>
internal static class ReportPage
{
    private const string Style = """
        :root{color-scheme:light dark;--back:#fff;--card:#f5f6f8;--text:#1c1f24;--soft:#5b6370;--line:#d9dde3;--c0:#2563c9;--c1:#c2570c;--c2:#2c8a57;--c3:#8a3fb0}
        @media screen and (prefers-color-scheme:dark){:root{--back:#14161a;--card:#1d2026;--text:#e7e9ed;--soft:#a0a8b4;--line:#343a44;--c0:#7aa7ff;--c1:#ffa35c;--c2:#69cf98;--c3:#d39bf2}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:62rem;background:var(--back);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
        h1{font-size:1.7rem;margin:0 0 1.25rem;overflow-wrap:anywhere}
        h2{font-size:1.15rem;margin:2.25rem 0 .75rem}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem}
        .tile{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem .9rem}
        .tile b{display:block;font-size:1.45rem;line-height:1.25;font-variant-numeric:tabular-nums}
        .tile span{color:var(--soft);font-size:.85rem}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:top}
        th:first-child,td:first-child{text-align:left}
        td.name{overflow-wrap:anywhere;text-align:left}
        thead th{color:var(--soft);font-weight:600;font-size:.85rem}
        tbody th{font-weight:400}
        tr.section th{padding-top:1.1rem;font-weight:600;text-align:left}
        svg{width:100%;height:auto;display:block}
        svg text{fill:var(--soft);font-size:12px}
        svg .value{fill:var(--text)}
        svg .grid{stroke:var(--line);stroke-width:1}
        svg .track{fill:var(--card);stroke:var(--line)}
        .s0{fill:var(--c0)}.s1{fill:var(--c1)}.s2{fill:var(--c2)}.s3{fill:var(--c3)}
        .tokens{opacity:.45}
        .legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;color:var(--soft);font-size:.88rem;margin:.4rem 0 0;padding:0;list-style:none}
        .legend svg{display:inline-block;width:.8rem;height:.8rem;margin-right:.4rem;vertical-align:-.05rem}
        @media print{:root{color-scheme:light}body{max-width:none;padding:0}h2,.section{break-after:avoid}figure,tr,.tile{break-inside:avoid}.s0,.s1,.s2,.s3,.tile{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
        figure{margin:0}
        """;

    public const string End = "</body>\n</html>\n";

    /// <summary>From the first character of the page to the body's start tag.</summary>
    /// <param name="title">The title, as it came.</param>
    /// <param name="furtherStyle">Rules of the one report.</param>
    public static string Beginning(string title, string furtherStyle = "") => string.Create(CultureInfo.InvariantCulture, $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
        <title>{Escape(title)}</title>
        <style>
        {Style}
        {furtherStyle}
        </style>
        </head>
        <body>

        """);

    /// <summary>For text and attributes; what neither HTML nor XML may hold is shown as a replacement character.</summary>
    /// <remarks>Characters that change the direction of what follows are shown by name: they could make a page say what it does not.</remarks>
    public static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length + (text.Length / 8));
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            switch (c)
            {
                case '<': escaped.Append("&lt;"); break;
                case '>': escaped.Append("&gt;"); break;
                case '&': escaped.Append("&amp;"); break;
                case '"': escaped.Append("&quot;"); break;
                case '\'': escaped.Append("&#39;"); break;
                case '\t' or '\n': escaped.Append(c); break;
                case '\r': escaped.Append("&#13;"); break;
                case (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'):
                    escaped.Append(CultureInfo.InvariantCulture, $"[U+{(int)c:X4}]");
                    break;
                default:
                    if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) escaped.Append(c).Append(text[++i]);
                    else escaped.Append(char.IsControl(c) || char.IsSurrogate(c) || c >= '\uFFFE' ? '\uFFFD' : c);
                    break;
            }
        }

        return escaped.ToString();
    }
}
