using LongContext.Evaluation;
using LongContext.Evaluation.Metrics;
using LongContext.Evaluation.Tasks;
using LongContext.Models;
using LongContext.Models.Quantization;
using LongContext.Tests.Generation.Chat;
using static TorchSharp.torch;

namespace LongContext.Tests.Evaluation;

/// <summary>Losses, verdicts and tables of quantised models.</summary>
public sealed class QuantizationReportTests
{
    private static readonly QuantizationReportOptions Limits = new() { Text = new int[64], Perplexity = new PerplexityByLengthOptions { Lengths = [32] } };

    [Fact]
    public void Report_CollapseAtTheLongestLength_IsSeenThere()
    {
        QuantizationFigures original = Figures("original", [10, 9, 8], ("needle", false, 0.9, [(1024, 1.0), (4096, 0.8)]));
        QuantizationFigures kept = Figures("int8", [10.1, 9.05, 7.9], ("needle", false, 0.9, [(1024, 1.0), (4096, 0.8)]));
        QuantizationFigures broken = Figures("int4", [10.3, 9.4, 16], ("needle", false, 0.6, [(1024, 1.0), (4096, 0.2)]));
        var report = new QuantizationReport(original, [kept, broken], Limits);

        Assert.Equal(QuantizationVerdict.Kept, report.VerdictOf("int8"));
        Assert.Equal(QuantizationVerdict.Collapsed, report.VerdictOf("int4"));
        QuantizationLoss[] losses = [.. report.Losses.Where(loss => loss.Model == "int4")];
        double[] shares = [0.03, 0.4 / 9, 1, 1 / 3.0, 0, 0.75];
        Assert.Equal(new int?[] { 512, 1024, 2048, null, 1024, 4096 }, losses.Select(loss => loss.Length));
        for (int i = 0; i < shares.Length; i++) Assert.Equal(shares[i], losses[i].Loss, 1e-12);
        Assert.Equal([QuantizationVerdict.Degraded, QuantizationVerdict.Degraded, QuantizationVerdict.Collapsed], losses.Take(3).Select(loss => loss.Verdict));

        Assert.Equal("1,024 tokens: perplexity 9.000, 1 windows", original.Perplexity[1].ToString());
        string text = report.ToMarkdown();
        Assert.Contains("| int4 | 1.0 | collapsed | perplexity at 2,048 (+100.0 %, collapsed) |", text, StringComparison.Ordinal);
        Assert.Contains("| int8 | 10.100 (+1.0 %) | 9.050 (+0.6 %) | 7.900 (−1.2 %) |", text, StringComparison.Ordinal);
        Assert.Contains("| int4 | 0.600 (−33.3 %, collapsed) | 1.000 (0.0 %) | 0.200 (−75.0 %, collapsed) |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_LowerIsBetterAndNumbersThatAreNone_CountAgainstTheModel()
    {
        QuantizationFigures original = Figures("original", [10], ("loss", true, 2.0, []));
        var report = new QuantizationReport(original, [Figures("worse", [10], ("loss", true, 2.1, [])), Figures("better", [9], ("loss", true, 1.0, [])), Figures("infinite", [double.PositiveInfinity], ("loss", true, 2, []))], Limits);
        Assert.Equal(QuantizationVerdict.Degraded, report.VerdictOf("worse"));
        Assert.Equal(QuantizationVerdict.Kept, report.VerdictOf("better"));
        Assert.Equal(QuantizationVerdict.Collapsed, report.VerdictOf("infinite"));
        Assert.Throws<ArgumentException>(() => report.VerdictOf("another"));
        Assert.Contains("at 1024 tokens", Assert.Throws<ArgumentException>(() => new QuantizationReport(Figures("a", [1, 2]), [Figures("b", [1])], Limits)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_ItemsWithoutScores_AreSaidBesideTheFigures()
    {
        QuantizationFigures original = Figures("original", [10], ("needle", false, 0.5, [(1024, 1.0), (4096, 0)])), same = Figures("int8", [10], ("needle", false, 0.5, [(1024, 1.0), (4096, 0)]));
        original = original with { Tasks = [original.Tasks[0] with { Items = 40, Unscored = 20 }] };
        same = same with { Tasks = [same.Tasks[0] with { Items = 40, Unscored = 21 }] };
        string text = new QuantizationReport(original, [same], Limits).ToMarkdown();
        Assert.Contains("\nItems without a score (those that did not fit, failed or were not asked count as 0, those that could not be made or judged are left out): original 20 of 40, int8 21 of 40.\n", text, StringComparison.Ordinal);
        Assert.Contains("| int8 | 0.500 (0.0 %) | 1.000 (0.0 %) | 0.000 |", text, StringComparison.Ordinal); // no share of nothing
        Assert.DoesNotContain("Items without", new QuantizationReport(Figures("a", [1], ("needle", false, 1, [])), [], Limits).ToMarkdown(), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_TaskOfWhichNothingWasScored_IsNotMeasured()
    {
        QuantizationTaskFigures none = new("needle", false, null, []) { Items = 40, Unscored = 40 }, some = new("needle", false, 0.5, [new LengthMean(1024, 1), new LengthMean(4096, 0.5)]) { Items = 40, Unscored = 20 };
        QuantizationFigures original = Figures("original", [10]) with { Tasks = [some] }, lost = Figures("int4", [10]) with { Tasks = [none] };
        var report = new QuantizationReport(original, [lost], Limits);
        Assert.Equal(QuantizationVerdict.NotMeasured, report.VerdictOf("int4"));
        Assert.Contains("| int4 | 1.0 | not measured | needle (not measured) |", report.ToMarkdown(), StringComparison.Ordinal);
        // Nor where the original could not be measured, or both.
        Assert.Equal(QuantizationVerdict.NotMeasured, new QuantizationReport(lost, [original], Limits).VerdictOf("original"));
        Assert.Equal(QuantizationVerdict.NotMeasured, new QuantizationReport(lost, [lost with { Name = "int8" }], Limits).VerdictOf("int8"));
        // What is known to be lost says more.
        Assert.Equal(QuantizationVerdict.Collapsed, new QuantizationReport(original, [Figures("int4", [16]) with { Tasks = [none] }], Limits).VerdictOf("int4"));
        // A length of which all items failed is no collapse.
        QuantizationFigures shorter = Figures("int8", [10]) with { Tasks = [some with { Mean = 0.5, ByLength = [new LengthMean(1024, 1)] }] };
        report = new QuantizationReport(original, [shorter], Limits);
        Assert.Equal((4096, QuantizationVerdict.NotMeasured), (report.Losses[^1].Length, report.VerdictOf("int8")));
        Assert.Contains("| int8 | 0.500 (0.0 %) | 1.000 (0.0 %) | – |", report.ToMarkdown(), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_OutOfRange_AllFaultsAreNamed()
    {
        var options = new QuantizationReportOptions { Text = new int[1], Perplexity = null!, Tasks = null!, DegradedPerplexity = 0.5, CollapsedScore = double.NaN };
        string message = Assert.Throws<ArgumentException>(() => new QuantizationReport(Figures("a", [1]), [], options)).Message;
        Assert.All(["Perplexity is null", "Tasks", "DegradedPerplexity", "CollapsedScore"], fault => Assert.Contains(fault, message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EvaluateAsync_Models_AreMeasuredOneAfterAnother()
    {
        int[] text = TinyModels.Tokens(400, 3);
        int open = 0, most = 0;
        CausalLanguageModel Load(QuantizationFormat? format)
        {
            most = Math.Max(most, ++open);
            CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
            if (format is { } asked) ModelQuantizer.Quantize(model, new QuantizationOptions { Format = asked, GroupSize = 16 }, cancellationToken: TestContext.Current.CancellationToken);
            open--;
            return model;
        }

        var options = new QuantizationReportOptions { Text = text, Perplexity = new PerplexityByLengthOptions { Lengths = [8, 32], MaximumWindows = 3 } };
        QuantizationReport report = await QuantizationEvaluator.EvaluateAsync(
            new("original", () => Load(null)), [new("int8", () => Load(QuantizationFormat.Int8)), new("int4", () => Load(QuantizationFormat.Int4))], options, TestContext.Current.CancellationToken);

        Assert.Equal(1, most);
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        Assert.Equal(new PerplexityEvaluator(model).EvaluateByLength(text, options.Perplexity).Select(row => row.Sum.Perplexity), report.Original.Perplexity.Select(row => row.Sum.Perplexity));
        Assert.True(report.Quantized[1].WeightBytes < report.Quantized[0].WeightBytes && report.Quantized[0].WeightBytes < report.Original.WeightBytes);
        Assert.All(report.Quantized, figures => Assert.NotEqual(report.Original.Perplexity[0].Sum.Perplexity, figures.Perplexity[0].Sum.Perplexity));
        Assert.Contains("stands there 2 times", (await Assert.ThrowsAsync<ArgumentException>(() => QuantizationEvaluator.EvaluateAsync(new("a", () => model), [new("a", () => model)], options, TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EvaluateAsync_TaskThatFitsNoWindow_IsNotMeasured()
    {
        var options = new QuantizationReportOptions
        {
            Text = TinyModels.Tokens(200, 3).Select(token => token % 256).ToArray(), Perplexity = new PerplexityByLengthOptions { Lengths = [32], MaximumWindows = 1 }, Tokenizer = ChatModels.Tokenizer,
            // Of the first length every item is asked, of the other none fits into the window.
            Tasks = [new PasskeyTask(new PasskeyTaskOptions { Lengths = [2 * ChatModels.Window], Depths = [0.5], ItemsPerCell = 2 }), new RepetitionTask(new RepetitionTaskOptions { Lengths = [ChatModels.Window, 2 * ChatModels.Window], MaximumCount = 2, ItemsPerCell = 2 })],
        };
        QuantizationReport report = await QuantizationEvaluator.EvaluateAsync(new("original", () => ChatModels.Model()), [new("same", () => ChatModels.Model())], options, TestContext.Current.CancellationToken);
        Assert.Equal(QuantizationVerdict.NotMeasured, report.VerdictOf("same"));
        QuantizationTaskFigures passkey = report.Original.Tasks[0], repetition = report.Original.Tasks[1];
        Assert.Equal((null, 2, 2, 0), (passkey.Mean, passkey.Items, passkey.Unscored, passkey.ByLength.Count));
        Assert.Equal((4, 2), (repetition.Items, repetition.Unscored));
        Assert.Equal(ChatModels.Window, Assert.Single(repetition.ByLength).Length);
        Assert.Equal(QuantizationVerdict.NotMeasured, Assert.Single(report.Losses, loss => loss.Measure == "passkey").Verdict);
        Assert.Equal(2, report.Losses.Count(loss => loss.Measure == "repetition" && loss.Verdict == QuantizationVerdict.Kept));
    }

    private static QuantizationFigures Figures(string name, double[] perplexities, params (string Task, bool LowerIsBetter, double Mean, (int Length, double Mean)[] ByLength)[] tasks) => new()
    {
        Name = name,
        WeightBytes = 1_000_000,
        Perplexity = [.. perplexities.Select((perplexity, i) => new PerplexityAtLength(512 << i, 1, Sum(perplexity)))],
        Tasks = [.. tasks.Select(task => new QuantizationTaskFigures(task.Task, task.LowerIsBetter, task.Mean, [.. task.ByLength.Select(row => new LengthMean(row.Length, row.Mean))]))],
    };

    private static PerplexityAccumulator Sum(double perplexity)
    {
        var sum = new PerplexityAccumulator();
        sum.Add(Math.Log(perplexity), tokenCount: 1);
        return sum;
    }
}
