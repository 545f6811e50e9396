using System.Diagnostics;
using System.Globalization;
using System.Text;
using LongContext.Data;

namespace LongContext.Evaluation.Reports;

public class LargeReportTests
{
    private const int Lengths = 7, Depths = 11;

    [Fact]
    public void WriteHtml_AHundredThousandItems_IsAPageThatOpens()
    {
        EvaluationReport report = Create(100_000);
        StringBuilder page = new();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch watch = Stopwatch.StartNew();
        using (StringWriter writer = new(page, CultureInfo.InvariantCulture)) report.WriteHtml(writer);
        watch.Stop();
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        string html = page.ToString();
        int cells = Count(html, "<td class=\"h");
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Items.Count:N0} items: {html.Length / 1e6:0.00} MB of page, {cells:N0} cells, {watch.Elapsed.TotalSeconds:0.00} s, {allocated / 1e6:0.0} MB allocated"));
        // What grows with items is gathered in cells and lists have an end.
        Assert.InRange(html.Length, 10_000, 2_500_000);
        Assert.Equal(4 * 13 * Lengths * Depths, cells);
        Assert.Equal(ReportView.WorstShown, Count(html, "<article class=\"failure\">"));
        Assert.Equal(ReportView.FaultsShown, Count(html, "<td>failed</td>"));
    }

    [Fact]
    public void WriteHtml_TenTimesTheItems_IsNoLargerPage()
    {
        int few = Create(10_400).ToHtml().Length, many = Create(104_000).ToHtml().Length;
        Assert.InRange((double)many / few, 0.9, 1.1);
    }

    private static int Count(string text, string part)
    {
        int count = 0;
        for (int at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + part.Length, StringComparison.Ordinal)) count++;
        return count;
    }

    /// <summary>Two models, two strategies, RULER's number of tasks, seven lengths, eleven depths; prompts and answers as long as runs keep them.</summary>
    private static EvaluationReport Create(int count)
    {
        string prompt = new('p', 2_000), answer = new('a', 300);
        List<ItemResult> items = new(count);
        List<TaskSummary> tasks = [];
        int each = count / (4 * 13);
        SplitMix64 random = new(1, 2);
        foreach (string model in (string[])["one", "two"])
        {
            foreach (string strategy in (string[])["full context", "retrieval"])
            {
                for (int task = 0; task < 13; task++)
                {
                    int from = items.Count;
                    for (int i = 0; i < each; i++)
                    {
                        bool failed = random.NextDouble() < 0.02;
                        items.Add(new ItemResult
                        {
                            Model = model,
                            Strategy = strategy,
                            Task = $"task {task}",
                            Item = $"{i}",
                            Status = failed ? ItemStatus.Failed : ItemStatus.Scored,
                            Score = failed ? null : random.NextDouble() < 0.7 ? 1 : 0,
                            Fault = failed ? "HttpRequestException: gone" : null,
                            Length = 4096 << (i % Lengths),
                            Depth = i / Lengths % Depths / (Depths - 1.0),
                            Prompt = prompt,
                            Answer = answer,
                            References = ["42"],
                            Details = new Dictionary<string, double> { ["kept tokens"] = i },
                        });
                    }

                    tasks.Add(DemoReport.Summary(items[from..], false));
                }
            }
        }

        return new EvaluationReport { Title = "Large", Began = DateTimeOffset.UnixEpoch, Items = items, Tasks = tasks };
    }
}
