using System.Text.Json;
using LongContext.Evaluation.Support;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Reports;

/// <summary>The page in a real browser. Pictures of it are kept in the test program's folder, under TestResults/evaluation-report.</summary>
public sealed class ReportInBrowserTests
{
    private static readonly string Artefacts = Path.Combine(AppContext.BaseDirectory, "TestResults", "evaluation-report");

    // A browser that hangs must not hang the run.
    private static CancellationToken Limit => CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken, new CancellationTokenSource(TimeSpan.FromMinutes(5)).Token).Token;

    [Fact]
    public async Task Page_InChromium_HasNoFaultAndAsksForNothing()
    {
        CancellationToken limit = Limit;
        await using Chromium browser = await Chromium.StartAsync(limit);
        Directory.CreateDirectory(Artefacts);
        EvaluationReport report = DemoReport.Create();
        report.Write(Artefacts);
        ChromiumPage page = await browser.OpenAsync(Path.Combine(Artefacts, "report.html"), limit);

        Assert.Equal("Long context, November", (await page.EvaluateAsync("document.title", limit)).GetString());
        int[][] maps = (await page.EvaluateAsync(Maps, limit)).Deserialize<int[][]>()!;
        Assert.Equal(12, maps.Length);
        Assert.All(maps, map => Assert.Equal([DemoReport.Depths.Length, DemoReport.Lengths.Length, DemoReport.Depths.Length * DemoReport.Lengths.Length], map));
        // Levels of headings: none is left out.
        int[] levels = (await page.EvaluateAsync("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])", limit)).Deserialize<int[]>()!;
        Assert.Equal(1, levels[0]);
        Assert.All(levels.Zip(levels.Skip(1)), pair => Assert.True(pair.Second > 1 && pair.Second <= pair.First + 1));
        // All links of the contents lead somewhere; prompts are folded.
        Assert.True((await page.EvaluateAsync("[...document.querySelectorAll('nav a')].every(a => document.querySelector(a.getAttribute('href')))", limit)).GetBoolean());
        Assert.Equal(20, (await page.EvaluateAsync("document.querySelectorAll('details.prompt:not([open])').length", limit)).GetInt32());

        foreach ((string scheme, int width) in ((string, int)[])[("light", 390), ("dark", 390), ("light", 1280), ("dark", 1280)])
        {
            await page.ShowAsync(scheme, "screen", width, limit);
            await page.ScreenshotAsync(Path.Combine(Artefacts, $"{scheme}-{width}.png"), limit);
            Assert.True((await page.EvaluateAsync("document.documentElement.scrollWidth <= innerWidth", limit)).GetBoolean(), $"{scheme}, {width}: the page is wider than the window");
            string[] faint = (await page.EvaluateAsync(FaintTexts, limit)).Deserialize<string[]>()!;
            Assert.Empty(faint);
        }

        bool dark = (await page.EvaluateAsync("getComputedStyle(document.body).backgroundColor !== 'rgb(255, 255, 255)'", limit)).GetBoolean();
        Assert.True(dark);

        // On paper (A4 less its margins) nothing is cut off, prompts are open, and the ground is white even for readers of dark pages.
        await page.ShowAsync("dark", "print", 688, limit);
        Assert.Empty((await page.EvaluateAsync("[...document.querySelectorAll('.scroll,pre,dd')].filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML.slice(0, 200))", limit)).Deserialize<string[]>()!);
        Assert.Equal("rgb(255, 255, 255)", (await page.EvaluateAsync("getComputedStyle(document.body).backgroundColor", limit)).GetString());
        Assert.True((await page.EvaluateAsync("[...document.querySelectorAll('details.prompt pre')].every(e => e.checkVisibility({contentVisibilityAuto: true}) && e.getBoundingClientRect().height > 20)", limit)).GetBoolean());
        string pdf = Path.Combine(Artefacts, "report.pdf");
        await page.PrintAsync(pdf, limit);
        Assert.True(new FileInfo(pdf).Length > 50_000);

        Assert.Empty(page.Faults);
        Assert.Empty(page.Requests);
        TestContext.Current.TestOutputHelper?.WriteLine("Pictures: " + Artefacts);
    }

    [Fact]
    public async Task Checks_BadPages_FindWhatIsWrong()
    {
        CancellationToken limit = Limit;
        await using Chromium browser = await Chromium.StartAsync(limit);
        using TemporaryFolder folder = new();
        string good = DemoReport.Create(repeats: 1).ToHtml();

        // Without the page's policy scripts run and pictures are asked for, and the checks see it.
        await File.WriteAllTextAsync(folder["bad.html"], "<!DOCTYPE html><title>bad</title><script>console.error('wrong');missing()</script><img src=\"http://127.0.0.1:9/x.png\">", limit);
        ChromiumPage bad = await browser.OpenAsync(folder["bad.html"], limit);
        Assert.Contains(bad.Faults, fault => fault.StartsWith("console: ", StringComparison.Ordinal) && fault.Contains("wrong", StringComparison.Ordinal));
        Assert.Contains(bad.Faults, fault => fault.StartsWith("exception: ", StringComparison.Ordinal));
        Assert.Equal(["http://127.0.0.1:9/x.png"], bad.Requests);

        // With it, what got into the page all the same does nothing; and that too is seen.
        await File.WriteAllTextAsync(folder["injected.html"], good.Replace("<main>", "<main><script>document.title='owned'</script><img src=\"http://127.0.0.1:9/x.png\" onerror=\"document.title='owned'\">", StringComparison.Ordinal), limit);
        ChromiumPage injected = await browser.OpenAsync(folder["injected.html"], limit);
        Assert.Equal("Long context, November", (await injected.EvaluateAsync("document.title", limit)).GetString());
        Assert.Contains(injected.Faults, fault => fault.Contains("Content Security Policy", StringComparison.Ordinal));

        // A cell less.
        int cell = good.IndexOf("<td class=\"h", StringComparison.Ordinal);
        string less = good.Remove(cell, good.IndexOf("</td>", cell, StringComparison.Ordinal) + 5 - cell);
        await File.WriteAllTextAsync(folder["less.html"], less, limit);
        int[][] maps = (await (await browser.OpenAsync(folder["less.html"], limit)).EvaluateAsync(Maps, limit)).Deserialize<int[][]>()!;
        Assert.Equal(29, maps[0][2]);

        // Letters too faint to read.
        await File.WriteAllTextAsync(folder["faint.html"], good.Replace(".h0{background:#440154;color:#fff}", ".h0{background:#440154;color:#555}", StringComparison.Ordinal), limit);
        Assert.NotEmpty((await (await browser.OpenAsync(folder["faint.html"], limit)).EvaluateAsync(FaintTexts, limit)).Deserialize<string[]>()!);
    }

    /// <summary>Of each heat map the rows, the columns and the cells.</summary>
    private const string Maps = "[...document.querySelectorAll('table.heat')].map(t => [t.querySelectorAll('tbody th').length, t.querySelectorAll('thead th').length - 1, t.querySelectorAll('tbody td').length])";

    /// <summary>Texts with a contrast to their ground below 4.5, WCAG's bound for small letters.</summary>
    private const string FaintTexts = """
        (() => {
          const rgb = c => c.match(/[\d.]+/g).map(Number);
          const light = c => { const [r, g, b] = rgb(c).map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\)$/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
          const faint = new Set();
          for (const e of document.querySelectorAll('body *')) {
            if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
            const style = getComputedStyle(e), a = light(e.closest('svg') && e.tagName === 'text' ? style.fill : style.color), b = light(ground(e));
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (contrast < 4.5 && e.tagName !== 'title') faint.add(`${e.tagName}.${e.className}: ${contrast.toFixed(2)}`);
          }
          return [...faint];
        })()
        """;
}
