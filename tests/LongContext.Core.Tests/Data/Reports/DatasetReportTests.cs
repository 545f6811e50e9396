using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using LongContext.Data.Cleaning;
using LongContext.Data.Examples;
using LongContext.Data.Reading;
using LongContext.Packing;

namespace LongContext.Data.Reports;

public sealed class DatasetReportTests
{
    private static TokenSequence Sequence(int length, int first = 0, int answers = -1)
    {
        bool[] mask = answers < 0 ? [] : [.. Enumerable.Range(0, length).Select(i => i >= length - answers)];
        return new TokenSequence(Enumerable.Range(first, length).ToArray(), mask);
    }

    private static DatasetReport Report(DatasetReportOptions? options, params TokenSequence[] sequences) =>
        DatasetReport.Create(sequences.Length == 0 ? DataSource.FromFunction(_ => Sequence(1), 1).Where(_ => false) : DataSource.FromList(sequences, seed: null), options, TestContext.Current.CancellationToken);

    private static DatasetReportOptions Packing(int context, OverlengthPolicy overlength = OverlengthPolicy.Refuse) =>
        new() { Packing = new StreamingPackerOptions { ContextLength = context, Overlength = overlength } };

    [Fact]
    public void Create_Sequences_AreCounted()
    {
        // Targets: of 5 tokens without a mask 4; of the masked ones 2, 0 and 2; the fourth is the third again, the fifth has another mask.
        DatasetReport report = Report(null, Sequence(5), Sequence(8, answers: 2), Sequence(3, answers: 0), Sequence(3, answers: 0), Sequence(3, answers: 2));
        Assert.Equal((5, 22, 4 + 2 + 0 + 0 + 2, 2), (report.Sequences, report.Tokens, report.TargetTokens, report.WithoutTargets));
        Assert.Equal(8.0 / 22, report.TargetShare, 12);
        Assert.Equal((1L, 3L), (report.Duplicates, report.DuplicateTokens));
        // Lengths 3 3 3 5 8: the median is the 3rd, 90 % the ⌈4.5⌉ = 5th, 99 % the 5th.
        Assert.Equal(new LengthSummary(3, 4.4, 3, 8, 8, 8), report.Lengths);
        Assert.Equal([new LengthBucket(2, 3, 3, 9), new LengthBucket(4, 7, 1, 5), new LengthBucket(8, 15, 1, 8)], report.Buckets);
        Assert.Equal([new LongSequence(1, null, 8), new LongSequence(0, null, 5), new LongSequence(2, null, 3), new LongSequence(3, null, 3), new LongSequence(4, null, 3)], report.Longest);
        Assert.Null(report.Context);
        Assert.Null(Report(new DatasetReportOptions { Duplicates = false }, Sequence(1), Sequence(1)).Duplicates);
        // A single token follows nothing, whatever its mask says.
        Assert.Equal(0, Report(null, Sequence(1, answers: 1)).TargetTokens);
    }

    [Fact]
    public void Create_OneAnswerToken_IsAnAnswer()
    {
        DatasetReport report = Report(null, Sequence(5, answers: 1), Sequence(1), Sequence(2));
        Assert.Equal((2, 1), (report.TargetTokens, report.WithoutTargets)); // a single token has nothing before it
    }

    [Fact]
    public void Create_Longest_KeepsTheEarlierOfEquals()
    {
        DatasetReport report = Report(new DatasetReportOptions { Longest = 2 }, Sequence(4), Sequence(9), Sequence(4), Sequence(4));
        Assert.Equal([1L, 0L], report.Longest.Select(sequence => sequence.Number));
        Assert.Empty(Report(new DatasetReportOptions { Longest = 0 }, Sequence(4)).Longest);
    }

    [Fact]
    public void Create_Packing_IsThatByHand()
    {
        // Context 10. In order 6 6 4 4 7: next fit opens [6] [6 4] [4] [7] (4 and 7 are 11). Best fit: [7] [6 4] [6 4]: ⌈27/10⌉ = 3, the least.
        ContextFit fit = Report(Packing(10), Sequence(6), Sequence(6, 1), Sequence(4), Sequence(4, 1), Sequence(7)).Context!;
        Assert.Equal([("unpacked", 5L), ("next fit", 4L), ("streaming, best fit", 3L), ("best fit over all", 3L)], fit.Fills.Select(fill => (fill.Method, fill.Packs)));
        Assert.Equal([27.0 / 50, 27.0 / 40, 27.0 / 30, 27.0 / 30], fit.Fills.Select(fill => fill.FillRate));
        Assert.Equal((10, 0, 5, 3), (fit.ContextLength, fit.Overlength, fit.Documents, fit.LowerBound));
        // What fills a pack to the last token goes into it.
        Assert.Equal([3L, 2L, 2L, 2L], Report(Packing(10), Sequence(6), Sequence(4), Sequence(10)).Context!.Fills.Select(fill => fill.Packs));
    }

    [Theory]
    [InlineData(OverlengthPolicy.Refuse, 0, 0, 0, 2, 23 + 11, 1)] // left out of the packing, and said so
    [InlineData(OverlengthPolicy.Skip, 0, 0, 2, 0, 23 + 11, 1)]
    [InlineData(OverlengthPolicy.Split, 2, 0, 0, 0, 0, 6)] // 10 10 3, 10 1, 10
    [InlineData(OverlengthPolicy.TruncateHead, 0, 2, 0, 0, 13 + 1, 3)]
    [InlineData(OverlengthPolicy.TruncateMiddle, 0, 2, 0, 0, 13 + 1, 3)]
    [InlineData(OverlengthPolicy.TruncateTail, 0, 2, 0, 0, 13 + 1, 3)]
    public void Create_LongerThanTheContext_AsThePolicySays(OverlengthPolicy policy, int split, int truncated, int skipped, int refused, int dropped, int documents)
    {
        TokenSequence[] sequences = [Sequence(23), Sequence(10), Sequence(11)];
        ContextFit fit = Report(Packing(10, policy), sequences).Context!;
        Assert.Equal((2, split, truncated, skipped, refused, dropped, documents), (fit.Overlength, fit.Split, fit.Truncated, fit.Skipped, fit.Refused, fit.DroppedTokens, fit.Documents));
        if (policy == OverlengthPolicy.Refuse) return;

        // As a packer counts it.
        StreamingPacker packer = new(DataSource.FromList(sequences, seed: null), new StreamingPackerOptions { ContextLength = 10, Overlength = policy });
        packer.Take();
        Assert.Equal((packer.Report.Split, packer.Report.Truncated, packer.Report.Skipped, packer.Report.DroppedTokens, packer.Report.Documents), (fit.Split, fit.Truncated, fit.Skipped, fit.DroppedTokens, fit.Documents));
        Assert.Equal(packer.Report.Packs, fit.Fills[2].Packs);
        Assert.Equal(packer.Report.FillRate, fit.Fills[2].FillRate);
    }

    [Fact]
    public void Create_ManyLengths_AgreesWithSortingThem()
    {
        int[] lengths = [.. Enumerable.Range(0, 999).Select(i => 1 + (int)Math.Pow(2, 11 * new SplitMix64(4, i).NextDouble()))];
        DatasetReport report = Report(null, [.. lengths.Select(length => Sequence(length))]);
        int[] sorted = [.. lengths.Order()];
        // Ranks ⌈499.5⌉, ⌈899.1⌉ and ⌈989.01⌉.
        Assert.Equal(new LengthSummary(sorted[0], lengths.Average(), sorted[499], sorted[899], sorted[989], sorted[^1]), report.Lengths);
        Assert.All(report.Buckets, bucket => Assert.Equal(lengths.Count(length => length >= bucket.From && length <= bucket.To), bucket.Sequences));
        Assert.Equal(999, report.Buckets.Sum(bucket => bucket.Sequences));
    }

    [Fact]
    public void LengthCounts_BeyondTheArray_AreExactToo()
    {
        LengthCounts counts = new();
        int[] lengths = [3_000_000, 1_048_575, 1_048_576, 1, 3_000_000];
        foreach (int length in lengths) counts.Add(length);
        Assert.Equal([(1, 1L), (1_048_575, 1L), (1_048_576, 1L), (3_000_000, 2L)], counts.Ascending());
        Assert.Equal(1_048_576, counts.Summary().P50);
        Assert.Equal(lengths.Sum(length => (long)length), counts.Tokens);
        Assert.Equal(2_097_152, counts.Buckets()[^1].From);
    }

    [Fact]
    public void Create_FromExamples_KnowsOrigins()
    {
        TrainingExample[] examples = [.. ((string[])["abc", "", "abcdef"]).Select((text, i) => new TextExample(text) { Origin = new RecordOrigin("f.jsonl", i + 1) })];
        DatasetReport report = DatasetReport.Create(
            DataSource.FromList(examples, seed: null), example => example.TextLength == 0 ? null : Sequence((int)example.TextLength), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((2, 1), (report.Sequences, report.LeftOut));
        Assert.Equal([new RecordOrigin("f.jsonl", 3), new RecordOrigin("f.jsonl", 1)], report.Longest.Select(sequence => sequence.Origin));
        Assert.Contains("f.jsonl, line 3", report.ToText(), StringComparison.Ordinal);
        Assert.Contains("Examples left out", report.ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void ToText_Report_IsThisTable()
    {
        DatasetReport report = Report(Packing(10, OverlengthPolicy.Split) with { Title = "Small", Longest = 1 }, Sequence(6), Sequence(23, answers: 4), Sequence(4));
        Assert.Equal(
            """
                                                        Small
            Data
              Sequences                                     3
              Tokens                                       33
              Answer tokens                      12 (36.36 %)
              Duplicate sequences                  0 (0.00 %)
            Tokens of a sequence
              Minimum                                       4
              Mean                                       11.0
              Median                                        6
              90 %                                         23
              99 %                                         23
              Maximum                                      23
            Context
              Context length                               10
              Longer sequences                    1 (33.33 %)
                of these split                              1
              Tokens dropped                       0 (0.00 %)
            Packing
              Fill, unpacked               66.00 % of 5 packs
              Fill, next fit               82.50 % of 4 packs
              Fill, streaming, best fit    82.50 % of 4 packs
              Fill, best fit over all      82.50 % of 4 packs
              Least packs possible                  4 or more
            Sequences by length
              from     4  ########################################            2   30.30 % of tokens
              from     8                                                      0    0.00 % of tokens
              from    16  ####################                                1   69.70 % of tokens
            Longest sequences
                        23  sequence 1

            """,
            report.ToText().ReplaceLineEndings("\n"));
    }

    [Fact]
    public void ToText_InAnotherCulture_IsTheSame()
    {
        DatasetReport report = Report(Packing(10, OverlengthPolicy.Split), Sequence(1234), Sequence(7));
        (string Text, string Html, string Json) before = (report.ToText(), report.ToHtml(), report.ToJson());
        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = new NumberFormatInfo { NumberDecimalSeparator = ",", NumberGroupSeparator = "'", NegativeSign = "~" } };
            Assert.Equal(before, (report.ToText(), report.ToHtml(), report.ToJson()));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void With_ReadingReport_ShowsFilesRecordsAndFaults()
    {
        ReadingReport reading = new()
        {
            Files = 3, FilesRead = 2, Bytes = 6_000_000_000, BytesRead = 5_000_000_000, Records = 3_000_000_000, LeftOut = 4, BadLines = 1, Faults = ["<a>\u001b[31m, line 3: no field"],
        };
        DatasetReport report = Report(null, Sequence(4)).With(reading);
        string text = report.ToText();
        foreach (string part in (string[])["Reading", "2 of 3", "5,000,000,000 of 6,000,000,000", "3,000,000,000", "Bad lines passed over", "<a>\uFFFD[31m, line 3: no field"]) Assert.Contains(part, text, StringComparison.Ordinal);
        Assert.Contains("&lt;a&gt;\uFFFD[31m, line 3: no field", report.ToHtml(), StringComparison.Ordinal);
        // A path does nothing to the console either.
        DatasetReport named = DatasetReport.Create(
            DataSource.FromList<TrainingExample>([new TextExample("a") { Origin = new RecordOrigin("b\u001b[2J\n.jsonl", 1) }], seed: null), _ => Sequence(3), null, TestContext.Current.CancellationToken);
        Assert.Contains("b\uFFFD[2J\uFFFD.jsonl, line 1", named.ToText(), StringComparison.Ordinal);
    }

    /// <summary>A page as XML, which forgives nothing.</summary>
    private static XDocument Parse(string html) => XDocument.Parse(html.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal)
        .Replace("<meta charset=\"utf-8\">", "", StringComparison.Ordinal).Replace("initial-scale=1\">", "initial-scale=1\"/>", StringComparison.Ordinal));

    [Fact]
    public void Comparison_HostileTitles_AreTextEverywhere()
    {
        const string hostile = "</title><script>alert(1)</script>\u0001\uDC00&\"'";
        DatasetReport report = Report(Packing(10) with { Title = hostile }, Sequence(6), Sequence(2));
        XDocument page = Parse(DatasetComparison.ToHtml(report, report));
        Assert.Empty(page.Descendants("script"));
        string shown = hostile.Replace('\u0001', '\uFFFD').Replace('\uDC00', '\uFFFD');
        Assert.Equal([shown, shown], page.Descendants("thead").First().Descendants("th").Select(cell => cell.Value));
        Assert.All(page.Descendants("rect").SelectMany(bar => bar.Elements("title")), title => Assert.StartsWith(shown + ", ", title.Value, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(999_999, "999,999")]
    [InlineData(1_000_000, "1.00M")]
    [InlineData(9_994_999, "9.99M")]
    [InlineData(9_995_000, "10.0M")]
    [InlineData(99_949_999, "99.9M")]
    [InlineData(99_950_000, "100M")]
    [InlineData(999_499_999, "999M")]
    [InlineData(999_500_000, "1.00G")]
    [InlineData(long.MaxValue, "9.22E")]
    public void Rounded_Number_HasThreeDigits(long number, string expected) => Assert.Equal(expected, Figures.Rounded(number));

    [Fact]
    public void ToHtml_Page_IsWellFormedSelfContainedAndEscaped()
    {
        TrainingExample[] examples = [new TextExample("abcdefgh") { Origin = new RecordOrigin("<script>alert(1)</script>&\"'\u0001\uD800\uFFFE\uFFFF.jsonl", 1) }, new TextExample("abc")];
        DatasetReport report = DatasetReport.Create(
            DataSource.FromList(examples, seed: null), example => Sequence((int)example.TextLength), Packing(8) with { Title = "A <b> & \"c\"" }, TestContext.Current.CancellationToken)
            .With(new ReportSection("<i>", [new("<u>", "<s>")]));
        string html = report.ToHtml();
        XDocument page = Parse(html);
        Assert.Equal("A <b> & \"c\"", page.Descendants("h1").Single().Value);
        Assert.Contains(page.Descendants("td"), cell => cell.Value.StartsWith("<script>alert(1)</script>&\"'\uFFFD\uFFFD\uFFFD\uFFFD.jsonl, line 1", StringComparison.Ordinal));
        Assert.Empty(page.Descendants("script"));
        // Two buckets of sequences (2 to 3, 8 to 15), two bars each, two in the legend; four ways of packing, two rectangles each.
        Assert.Equal(4 + 2 + 8, page.Descendants("rect").Count());
        foreach (string part in (string[])["://", "url(", "src=", "@import", "<link", "javascript", "NaN", "Infinity"]) Assert.DoesNotContain(part, html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("prefers-color-scheme:dark", html, StringComparison.Ordinal);
        Assert.Contains("@media print", html, StringComparison.Ordinal);
    }

    [Fact]
    public void ToHtml_Bars_HaveTheHeightOfTheirShare()
    {
        // Shares of sequences 3/4 and 1/4 (of tokens 6/16, 10/16): the scale goes to 0.8, and 250 of 300 high are for it.
        DatasetReport report = Report(null, Sequence(2), Sequence(2, 1), Sequence(2, 2), Sequence(10));
        XElement[] bars = [.. Parse(report.ToHtml())
            .Descendants("rect").Where(rect => rect.Element("title") is not null)];
        double[] heights = [.. bars.Select(bar => (double)bar.Attribute("height")!)];
        double[] expected = [250 * 0.75 / 0.8, 250 * 0.375 / 0.8, 250 * 0.25 / 0.8, 250 * 0.625 / 0.8];
        Assert.Equal(expected.Length, heights.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], heights[i], 0.011);
        Assert.Equal("2 to 3 tokens: 3 sequences (75.00 %), 6 tokens (37.50 %)", bars[0].Element("title")!.Value);
    }

    [Fact]
    public void ToJson_Report_HoldsTheNumbers()
    {
        DatasetReport report = Report(Packing(10, OverlengthPolicy.Split), Sequence(6), Sequence(23, answers: 4)).With(new ReportSection("More", [new("a", "b")]));
        JsonNode json = JsonNode.Parse(report.ToJson())!;
        Assert.Equal(29, (int)json["tokens"]!);
        Assert.Equal(9.0 / 29, (double)json["targetShare"]!, 12);
        Assert.Equal(23, (int)json["lengths"]!["p90"]!);
        Assert.Equal(1, (int)json["context"]!["split"]!);
        Assert.Equal(3, (int)json["context"]!["fills"]![3]!["packs"]!);
        Assert.Equal("b", (string)json["sections"]![0]!["rows"]![0]!["value"]!);
        Assert.Equal(23, (int)json["longest"]![0]!["tokens"]!);
    }

    [Fact]
    public void Create_NoSequence_GivesAnEmptyReport()
    {
        DatasetReport report = Report(Packing(10));
        Assert.Equal((0, 0, 0.0), (report.Sequences, report.Tokens, report.TargetShare));
        Assert.Equal(new LengthSummary(0, 0, 0, 0, 0, 0), report.Lengths);
        Assert.Contains("0.00 % of 0 packs", report.ToText(), StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", report.ToHtml() + report.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Comparison_TwoReports_StandSideBySide()
    {
        DatasetReport first = Report(Packing(10) with { Title = "Before" }, Sequence(6), Sequence(2)), second = Report(new DatasetReportOptions { Title = "After" }, Sequence(40));
        string text = DatasetComparison.ToText(first, second);
        Assert.Contains(text.Split('\n'), line => line.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["Sequences", "2", "1"]);
        // What the second has not stays empty.
        Assert.Contains(text.Split('\n'), line => line.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["Context", "length", "10"]);
        string html = DatasetComparison.ToHtml(first, second);
        Assert.Contains("<th scope=\"row\">Sequences</th><td>2</td><td>1</td>", html, StringComparison.Ordinal);
        Assert.Contains("Before: share of tokens", html, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("reports", () => DatasetComparison.ToText());
        Assert.Throws<ArgumentException>("reports", () => DatasetComparison.ToHtml(first, first, first, first, first));
    }

    [Fact]
    public void With_OtherReports_AddsTheirFigures()
    {
        DuplicateReport duplicates = DuplicateFinder.Find(DataSource.FromList<TrainingExample>([new TextExample("a b"), new TextExample("A b"), new TextExample("c")], seed: null), cancellationToken: TestContext.Current.CancellationToken);
        Decontaminator cleaner = new(NGramIndex.Build([new("qa", "1", "a b c")], new NGramIndexOptions { Length = 3, MinimumLength = 3 }));
        cleaner.Clean(new TextExample("a b c"));
        string text = Report(null, Sequence(2)).With(duplicates).With(cleaner.Report()).With(new PackingReport { Packs = 3, Tokens = 15, Capacity = 30 })
            .With(new MixtureReport([new("books", 0.25, 2, 30, 1, true), new("web", 0.75, 5, 70, 0, false)])).ToText();
        foreach (string part in (string[])["30.00 % of tokens (asked: 25.00 %), 2 items, read to its end", "70.00 % of tokens (asked: 75.00 %), 5 items\n", "Exact duplicates", "3 (42.86 %)", "1 of 1 instances (100.00 %)", "50.00 %"]) Assert.Contains(part, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Builder_AfterTheReport_TakesNoMore()
    {
        DatasetReportBuilder builder = new();
        builder.Add(Sequence(2));
        Assert.Same(builder.Build(), builder.Build());
        Assert.Throws<InvalidOperationException>(() => builder.Add(Sequence(2)));
        Assert.Throws<InvalidOperationException>(builder.AddLeftOut);
    }

    [Fact]
    public void Create_HugeContext_NeedsNoMemoryForIt()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        DatasetReport report = Report(new DatasetReportOptions { Packing = new StreamingPackerOptions { ContextLength = 1 << 29 } }, Sequence(5), Sequence(2), Sequence(3));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 24);
        Assert.All(report.Context!.Fills.Skip(1), fill => Assert.Equal(1, fill.Packs));
    }

    [Fact]
    public void Options_OutOfRange_AreAllNamed()
    {
        string message = Assert.Throws<ArgumentException>(() => new DatasetReportBuilder(new DatasetReportOptions { Title = " ", Longest = -1, Packing = new StreamingPackerOptions { ContextLength = 0 } })).Message;
        foreach (string part in (string[])["Title is empty", "Longest is -1", "Packing.ContextLength is 0"]) Assert.Contains(part, message, StringComparison.Ordinal);
    }
}
