using System.Globalization;
using System.Xml.Linq;
using LongContext.Data;

namespace LongContext.Evaluation.Reports;

public sealed class ReportPageTests
{
    /// <summary>A page as XML, which forgives nothing.</summary>
    private static XDocument Parse(string html) => XDocument.Parse(html.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal), LoadOptions.PreserveWhitespace);

    private static string[] Classes(XElement element) => ((string?)element.Attribute("class") ?? "").Split(' ');

    private static IEnumerable<XElement> OfClass(XDocument page, string name) => page.Descendants().Where(element => Classes(element).Contains(name));

    [Fact]
    public void ToHtml_Demo_HasAllSectionsAndNothingFromElsewhere()
    {
        string html = DemoReport.Create(repeats: 1).ToHtml();
        XDocument page = Parse(html);
        Assert.Equal("en", (string?)page.Root!.Attribute("lang"));
        Assert.Equal(["Models and strategies", "Tasks", "Models compared", "By length", "Depth × length", "Strategies compared", "Worst answers", "Not scored"], page.Descendants("h2").Select(heading => heading.Value));
        Assert.Empty(page.Descendants("script"));
        Assert.Empty(page.Descendants("img"));
        Assert.Empty(page.Descendants("link"));
        Assert.All(page.Descendants().Attributes().Where(attribute => attribute.Name.LocalName is "href" or "src"), attribute => Assert.StartsWith("#", attribute.Value, StringComparison.Ordinal));
        Assert.DoesNotContain("url(", html, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", html, StringComparison.Ordinal);
        Assert.DoesNotContain(page.Descendants().Attributes(), attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        // Ids are there once, pictures have a name, what scrolls can be reached by keyboard.
        string[] ids = [.. page.Descendants().Attributes("id").Select(id => id.Value)];
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(page.Descendants("svg"), svg => Assert.True(svg.Attribute("aria-label") is not null || (string?)svg.Attribute("aria-hidden") == "true"));
        Assert.All(OfClass(page, "scroll"), area => Assert.Equal("0", (string?)area.Attribute("tabindex")));
    }

    [Fact]
    public void ToHtml_HostileTexts_AreTextEverywhere()
    {
        ItemResult item = new()
        {
            Model = DemoReport.Hostile, Strategy = DemoReport.Hostile + "1", Task = DemoReport.Hostile + "2", Item = DemoReport.Hostile, Status = ItemStatus.Scored, Score = 0, Prompt = DemoReport.Hostile, Answer = DemoReport.Hostile,
            Judged = DemoReport.Hostile, Fault = DemoReport.Hostile, Group = DemoReport.Hostile, References = [DemoReport.Hostile], Length = 1000, Depth = 0.3,
        };
        ItemResult failed = item with { Status = ItemStatus.Failed, Score = null, Length = 2000 };
        EvaluationReport report = new()
        {
            Title = DemoReport.Hostile,
            Began = DateTimeOffset.UnixEpoch,
            Items = [item, item with { Length = 2000 }, item with { Strategy = "other" }, failed],
            Tasks = [DemoReport.Summary([item], false) with { Figures = [new(DemoReport.Hostile, 1), new("b", 2)] }],
            Currency = DemoReport.Hostile,
            Settings = [new(DemoReport.Hostile, DemoReport.Hostile)],
        };
        XDocument page = Parse(report.ToHtml());
        Assert.Empty(page.Descendants("script"));
        Assert.Empty(page.Descendants("img"));
        // An XML reader makes one line end of CR LF only where they are plain; the page writes CR as a reference.
        string shown = DemoReport.Hostile.Replace('\0', '\uFFFD').Replace('\u0007', '\uFFFD').Replace("\u202E", "[U+202E]", StringComparison.Ordinal).Replace("\u202C", "[U+202C]", StringComparison.Ordinal).Replace('\uD800', '\uFFFD');
        Assert.Equal(shown, page.Descendants("title").First().Value);
        Assert.Equal(shown, page.Descendants("h1").Single().Value);
        Assert.Contains(OfClass(page, "text"), text => text.Value == shown);
        Assert.Contains(page.Descendants("pre"), text => text.Value == "\n" + shown);
        Assert.All(page.DescendantNodes().OfType<XText>(), text => Assert.DoesNotContain('\u202E', text.Value));
    }

    [Fact]
    public void ToHtml_HeatMap_HasACellForEachDepthAndLength()
    {
        XDocument page = Parse(SmallReport.Create().ToHtml());
        XElement[] maps = [.. OfClass(page, "heat")];
        Assert.Equal(2, maps.Length);
        Assert.All(maps, map => Assert.Equal(4, map.Element("tbody")!.Descendants("td").Count()));
        Assert.Equal(["h8", "", "", "h0"], maps[0].Descendants("td").Select(cell => (string?)cell.Attribute("class") ?? ""));
        Assert.Equal(["100", "no item", "no item", "0"], maps[0].Descendants("td").Select(cell => cell.Value));
        Assert.Equal("8K tokens, depth 100 %: 0.0, items: 1", (string?)maps[0].Descendants("td").Last().Attribute("title"));
    }

    [Fact]
    public void HeatMap_UsualNeedleGrid_KeepsItsThirtyFiveByThirtyFive()
    {
        int[] lengths = [.. Enumerable.Range(0, 35).Select(i => 1000 + (i * 15000 / 34))];
        ItemResult[] items = [.. lengths.SelectMany(length => Enumerable.Range(0, 35).Select(i => SmallReport.Item("m", "t", $"{length}-{i}", i % 2) with { Length = length, Depth = i / 34.0 }))];
        HeatMap map = Assert.Single(Maps(items));
        Assert.Equal(35 * 35, map.CellCount);
        Assert.Equal(35 * 35, map.Cells.Count());
        XDocument page = Parse(new EvaluationReport { Title = "t", Began = DateTimeOffset.UnixEpoch, Items = items, Tasks = [DemoReport.Summary(items, false)] }.ToHtml());
        Assert.Equal(35 * 35, OfClass(page, "heat").Single().Descendants("td").Count());
    }

    [Fact]
    public void HeatMap_ManyDepthsAndLengths_AreGathered()
    {
        ItemResult[] items = [.. Enumerable.Range(0, 1000).Select(i => SmallReport.Item("m", "t", i.ToString(CultureInfo.InvariantCulture), i % 10 == 0 ? 1 : 0) with { Length = 1024 + (i * 3), Depth = i / 999.0 })];
        HeatMap map = Assert.Single(Maps(items));
        Assert.Equal(10, map.Depths.Count);
        Assert.Equal(["≥ 1K", "≥ 2K"], map.Lengths.Take(2));
        Assert.Equal(1000, map.Cells.Sum(cell => cell.Count));
        // Each tenth has its share of right answers, whichever way they were gathered.
        Assert.Equal(100, map.Cells.Sum(cell => cell.Count * cell.Mean), 9);
    }

    private static HeatMap[] Maps(IReadOnlyList<ItemResult> items)
    {
        TaskView task = new("t");
        Contender contender = new("m", "full");
        foreach (ItemResult item in items) task.Add(contender, item);
        return [.. HeatMap.Of(task, [contender])];
    }

    [Fact]
    public void ToHtml_LowerIsBetter_HasNoSharesAndMarksTheLowest()
    {
        // Six documents, of which the second model finds each easier by about as much: five would say nothing of chance.
        EvaluationReport small = SmallReport.Create();
        ItemResult[] more = [.. Enumerable.Range(1, 5).SelectMany(i => new[] { SmallReport.Item("a", "ppl", $"w{i}", 8 + (i / 100.0)), SmallReport.Item("b_x", "ppl", $"w{i}", 2) })];
        Assert.DoesNotContain("2.000 (best)", Parse((small with { Items = [.. small.Items, .. more[..8]] }).ToHtml()).ToString(), StringComparison.Ordinal);
        XDocument page = Parse((small with { Items = [.. small.Items, .. more] }).ToHtml());
        XElement row = page.Descendants("tr").Single(row => row.Elements("th").Any(head => head.Value.StartsWith("ppl", StringComparison.Ordinal)));
        Assert.Equal(["8.000", "2.000 (best)"], row.Elements("td").Select(cell => cell.Value));
        // The lowest score of a task where that is best is no failure.
        Assert.Equal("0.0 niah: 8192-1", Assert.Single(OfClass(page, "failure")).Element("h3")!.Value);

        EvaluationReport curve = DemoReport.Create(repeats: 1);
        XElement chart = OfClass(Parse(curve.ToHtml()), "chart").Single(chart => chart.Element("h3")!.Value.StartsWith("perplexity", StringComparison.Ordinal));
        Assert.DoesNotContain("%", chart.Value, StringComparison.Ordinal);
        double[] axis = [.. chart.Descendants("text").Where(text => (string?)text.Attribute("text-anchor") == "end").Select(text => double.Parse(text.Value, CultureInfo.InvariantCulture))];
        double[] means = [.. curve.Items.Where(item => item.Task == "perplexity/pg19").Select(item => item.Score).OfType<double>()];
        Assert.InRange(axis.Min(), means.Min() - 5, means.Max());
        Assert.Equal(axis.Order(), axis);
    }

    [Fact]
    public void ToHtml_StrangeScores_MakeAPage()
    {
        double[] scores = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -3, 1e300, 0];
        ItemResult[] items = [.. scores.SelectMany((score, i) => new[] { 0, 1, 1024 }.Select(length => SmallReport.Item("m", i % 2 == 0 ? "t" : "u", $"{i}-{length}", score) with { Length = length, Depth = i == 1 ? double.NaN : i / 6.0 }))];
        EvaluationReport report = new() { Title = "t", Began = DateTimeOffset.UnixEpoch, Items = items, Tasks = [DemoReport.Summary([.. items.Where(item => item.Task == "t")], true), DemoReport.Summary([.. items.Where(item => item.Task == "u")], false)] };
        XDocument page = Parse(report.ToHtml());
        // SVG knows neither.
        Assert.DoesNotContain(page.Descendants("svg").Descendants().Attributes(), attribute => attribute.Value.Contains("NaN", StringComparison.Ordinal) || attribute.Value.Contains("Infinity", StringComparison.Ordinal));
        Assert.NotEmpty(report.ToMarkdown());
        Assert.NotEmpty(report.ToText());
    }

    [Fact]
    public void ToHtml_LongTexts_AreShownWithoutTheirMiddle()
    {
        // The cuts fall into pairs.
        string prompt = string.Concat(Enumerable.Repeat("\uD83D\uDE00", 5001)) + "x";
        EvaluationReport report = SmallReport.Create() with { Items = [SmallReport.Item("m", "t", "i", 0) with { Prompt = "y" + prompt, Answer = new string('a', 100_000), References = [.. Enumerable.Range(0, 50).Select(i => $"r{i}")] }] };
        XDocument page = Parse(report.ToHtml());
        XElement fold = OfClass(page, "prompt").Single();
        Assert.Null(fold.Attribute("open"));
        Assert.Equal("Prompt, 10,004 characters", fold.Element("summary")!.Value);
        string head = fold.Elements("pre").First().Value[1..], tail = fold.Elements("pre").Last().Value[1..];
        int leftOut = int.Parse(fold.Element("p")!.Value.Split(' ')[1], NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        Assert.Equal(10_004, head.Length + leftOut + tail.Length);
        Assert.StartsWith(head, "y" + prompt, StringComparison.Ordinal);
        Assert.EndsWith(tail, prompt, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', fold.Value);
        Assert.Contains("and 45 more", page.Root!.Value, StringComparison.Ordinal);
        Assert.InRange(report.ToHtml().Length, 1, 60_000);
    }

    [Fact]
    public void ToHtml_HundredThousandItems_IsAPageOfTheSameSize()
    {
        EvaluationReport small = DemoReport.Create(repeats: 8), large = DemoReport.Create(repeats: 132);
        Assert.InRange(large.Items.Count, 100_000, 120_000);
        int before = small.ToHtml().Length, after = large.ToHtml().Length;
        Assert.InRange(after, 1, (int)(before * 1.1));
        Assert.InRange(after, 1, 500_000);
    }

    [Fact]
    public void Worst_ManyFailures_AreFromAllTasksAndModels()
    {
        WorstItems worst = new(6);
        // The first task alone would fill the list many times over; the half right one comes after all that are wrong.
        for (int i = 0; i < 100; i++) worst.Add(new("a", "s"), SmallReport.Item("a", "t", $"a{i}", 0));
        worst.Add(new("a", "s"), SmallReport.Item("a", "u", "half", 0.5));
        for (int i = 0; i < 2; i++) worst.Add(new("b", "s"), SmallReport.Item("b", "t", $"b{i}", 0));
        worst.Add(new("b", "s"), SmallReport.Item("b", "t", "right", 1));
        worst.Add(new("b", "s"), SmallReport.Item("b", "t", "none", double.NaN));
        Assert.Equal(103, worst.Imperfect);
        Assert.Equal(["a0", "b0", "a1", "b1", "a2", "a3"], worst.Items().Select(item => item.Item));
    }

    [Fact]
    public void Worst_RandomScores_AreTheLowest()
    {
        Data.SplitMix64 random = new(5UL);
        WorstItems worst = new(10);
        List<double> scores = [];
        for (int i = 0; i < 2000; i++)
        {
            double score = Math.Round(random.NextDouble(), 3);
            scores.Add(score);
            worst.Add(new("m", "s"), SmallReport.Item("m", "t" + random.NextInt(3), $"{i}", score));
        }

        Assert.Equal(scores.Order().Take(10), worst.Items().Select(item => item.Score!.Value));
    }

    [Fact]
    public void Best_FewerTasks_IsNotCompared()
    {
        EvaluationReport report = SmallReport.Create();
        // b has only the easy task left, and is surely better there.
        report = report with
        {
            Tasks = [.. report.Tasks, report.Tasks[0] with { Task = "hard", Mean = 0.1 }],
            Items = [.. report.Items, .. Enumerable.Range(0, 30).SelectMany(i => new[] { SmallReport.Item("a", "niah", $"x{i}", 0), SmallReport.Item("b_x", "niah", $"x{i}", 1) })],
        };
        ReportView view = ReportView.Of(report);
        Assert.True(view.IsBest(view.Tasks[0], new("b_x", "full")));
        Assert.Equal([false, false], view.Totals.Select(total => total.IsBest));
        Assert.Contains("1 of 2 tasks", report.ToHtml(), StringComparison.Ordinal);
        Assert.Equal(0.3, view.Totals[0].Mean!.Value, 12);
    }

    [Fact]
    public void Strategies_PairedItems_AreComparedOnWhatBothScored()
    {
        ItemResult Of(string strategy, string item, double? score, long tokens, decimal cost, string model = "m") =>
            SmallReport.Item(model, "t", item, score) with { Strategy = strategy, InputTokens = tokens, Cost = cost, Duration = TimeSpan.FromSeconds(tokens) };
        ItemResult[] items =
        [
            Of("full", "1", 1, 100, 1), Of("full", "2", 0, 200, 1), Of("full", "3", 0.5, 100, 2), Of("full", "4", null, 0, 0),
            // The fourth, which full context could not answer, is the easiest and the dearest.
            Of("short", "1", 0, 20, 0.5m), Of("short", "2", 1, 30, 1), Of("short", "3", 0.75, 50, 0.5m), Of("short", "4", 1, 5_000, 50),
            // Nothing in common with full context.
            Of("none", "4", 1, 7, 7), Of("none", "1", null, 0, 0),
        ];
        EvaluationReport report = new()
        {
            Title = "t", Began = DateTimeOffset.UnixEpoch, Items = items, Currency = "EUR",
            Tasks = [DemoReport.Summary(items[..4], false), DemoReport.Summary(items[4..8], false), DemoReport.Summary(items[8..], false)],
        };
        StrategyRow[] rows = [.. StrategyRow.Of(ReportView.Of(report))];
        Assert.Equal((3, "400", "4.00 EUR"), (rows[0].Items, rows[0].InputTokens, rows[0].Cost));
        Assert.Equal(0.5, rows[0].Mean!.Value, 12);
        StrategyRow row = rows[1];
        // Means on the three items: 1.5 / 3 and 1.75 / 3; with the fourth the second would be 2.75 / 4.
        Assert.Equal(3, row.Items);
        Assert.Equal(1.75 / 3, row.Mean!.Value, 12);
        Assert.Equal("2 / 0 / 1", row.Counts);
        Assert.Equal(100 * 0.25 / 3, row.Difference!.Value, 9);
        Assert.Equal(100 * (row.Mean.Value - rows[0].Mean!.Value), row.Difference.Value, 9);
        Assert.Equal(("0.25×", "0.25×", "0.50×"), (row.InputTokens, row.Time, row.Cost));
        // Differences -1, 1, 0.25: their mean's error is sqrt(1.0208 / 3), and Student's quantile for two degrees of freedom 4.3027.
        Assert.Equal(100 * 2 * 4.302652729749464 * Math.Sqrt(1.0208333333 / 3), row.Interval!.Value.High - row.Interval.Value.Low, 4);
        Assert.Equal((0, null, ReportNumbers.None, ReportNumbers.None), (rows[2].Items, rows[2].Mean, rows[2].Counts, rows[2].InputTokens));
        string page = report.ToHtml();
        Assert.Contains("<td class=\"name\">short</td><td>3</td><td>58.3</td>", page, StringComparison.Ordinal);
        Assert.Contains("| m | short | 3 | 58.3 |", report.ToMarkdown(), StringComparison.Ordinal);
    }

    [Fact]
    public void Strategies_OnlyCommonItemsCount_AsInTheComparison()
    {
        EvaluationReport report = DemoReport.Create();
        StrategyRow[] rows = [.. StrategyRow.Of(ReportView.Of(report))];
        Assert.Equal(6, rows.Length);
        StrategyComparison comparison = StrategyComparison.Of(report);
        // With two strategies, what both answered is what all did.
        for (int i = 1; i < 6; i += 2) Assert.Equal(comparison.Standings[i].Items, rows[i].Items);
    }

    [Theory]
    [InlineData(13, 3, 0.95)]
    [InlineData(13, 5, 0.8)]
    [InlineData(2, 4, 0.9)]
    [InlineData(4, 10, 0.6)]
    [InlineData(3, 1, 0.5)]
    [InlineData(2, 100, 0.99)]
    [InlineData(13, 25, 0.97)]
    public void OfMeans_RightOrWrong_CoversTheTruthAsOftenAsItSays(int tasks, int items, double chance)
    {
        double covered = Coverage(random => Scores(tasks, items, () => random.NextDouble() < chance ? 1 : 0), chance, areDifferences: false);
        Assert.InRange(covered, 0.935, 1);
    }

    [Theory]
    [InlineData(6, 4)]
    [InlineData(2, 12)]
    [InlineData(1, 3)]
    public void OfMeans_Numbers_CoverTheTruthAsOftenAsTheySay(int tasks, int items)
    {
        double covered = Coverage(random => Scores(tasks, items, () => 0.2 + (0.2 * (random.NextDouble() + random.NextDouble() + random.NextDouble()))), 0.5, areDifferences: false);
        Assert.InRange(covered, 0.935, 1);
    }

    [Theory]
    [InlineData(5, 4, 0.1)]
    [InlineData(1, 20, 0.05)]
    [InlineData(3, 30, 0.3)]
    [InlineData(13, 3, 0.15)]
    public void OfMeans_Differences_CoverTheTruthAsOftenAsTheySay(int tasks, int items, double better)
    {
        double covered = Coverage(random => Scores(tasks, items, () => random.NextDouble() is var draw && draw < better ? 1 : draw > 0.95 ? -1 : 0), better - 0.05, areDifferences: true);
        Assert.InRange(covered, 0.935, 1);
    }

    private static Tally[] Scores(int tasks, int items, Func<double> score) => [.. Enumerable.Range(0, tasks).Select(_ =>
    {
        Tally tally = new();
        for (int i = 0; i < items; i++) tally.Add(score());
        return tally;
    })];

    private static double Coverage(Func<SplitMix64, Tally[]> draw, double truth, bool areDifferences)
    {
        const int Runs = 4_000;
        int covered = 0;
        for (int run = 0; run < Runs; run++)
        {
            (_, ConfidenceInterval? interval) = Tally.OfMeans(draw(new SplitMix64(run, 11)), areDifferences);
            if (interval is { } given && given.Low <= truth && truth <= given.High) covered++;
        }

        return (double)covered / Runs;
    }

    [Fact]
    public void Interval_KnownCases_AreTheBooks()
    {
        // Wilson: 8 of 10 at 95 %.
        Tally tally = new();
        for (int i = 0; i < 10; i++) tally.Add(i < 8 ? 1 : 0);
        Assert.Equal(0.4901625, tally.Interval(true)!.Value.Low, 6);
        Assert.Equal(0.9433178, tally.Interval(true)!.Value.High, 6);
        // Student: 1, 2, 3 has mean 2 and 2 ± 4.302653 / sqrt(3).
        Tally numbers = new();
        foreach (double score in (double[])[1, 2, 3]) numbers.Add(score);
        Assert.Equal(2 - (4.302652729749464 / Math.Sqrt(3)), numbers.Interval(false)!.Value.Low, 9);
        Assert.Equal(12.7062, Tally.Student(1), 4);
        Assert.Equal(3.182446, Tally.Student(3), 6);
        Assert.Equal(2.228139, Tally.Student(10), 6);
        Assert.Equal(2.042272, Tally.Student(30), 6);
        Assert.Equal(5.840909, Tally.Student(3, 0.99), 6);
        Assert.Equal(12.923979, Tally.Student(3, 0.999), 5);
        Assert.Equal(15.544101, Tally.Student(4, 0.9999), 4);
        Assert.Equal(1.983972, Tally.Student(100), 6);
        Assert.Equal(1.983731, Tally.Student(101), 6);
        // One number that is neither right nor wrong says nothing about the spread.
        Tally one = new();
        one.Add(0.3);
        Assert.Null(one.Interval(true));
        // Added in parts or one by one, it is the same.
        Tally left = new(), right = new();
        left.Add(0.2);
        left.Add(0.9);
        foreach (double score in (double[])[0.4, 0.8, 0.1]) right.Add(score);
        left.Add(right);
        Tally whole = new();
        foreach (double score in (double[])[0.2, 0.9, 0.4, 0.8, 0.1]) whole.Add(score);
        Assert.Equal(whole.Mean, left.Mean, 12);
        Assert.Equal(whole.VarianceOfMean!.Value, left.VarianceOfMean!.Value, 12);
    }
}
