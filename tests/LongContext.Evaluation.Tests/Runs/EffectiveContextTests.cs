using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks.Judging;
using LongContext.Evaluation.Tasks.Needles;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Runs;

public sealed class EffectiveContextTests
{
    private const int Shortest = 1_024, Longest = 131_072;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1_500)]
    [InlineData(4_096)]
    [InlineData(10_000)]
    [InlineData(32_768)]
    [InlineData(100_003)]
    public async Task FindAsync_Cliff_IsFoundWithinTheResolutionAndWithFewRequests(int cliff)
    {
        ScriptedClient client = SlopeTask.Client(1, (_, length) => length <= cliff ? 1 : 0);
        EffectiveContextResult result = await FindAsync(client, Options(["a"]));
        EffectiveLength found = Assert.Single(result.Tasks);
        Assert.InRange(cliff, found.Length!.Value, found.FirstFailing!.Value - 1);
        Assert.InRange((double)found.FirstFailing.Value / found.Length.Value, 1, 1.0501);
        Assert.Equal((found.Length, found.FirstFailing), (found.Lower, found.Upper));
        Assert.Equal(1, found.Score);
        Assert.Empty(found.Recoveries);
        Assert.Same(found, result.Average);
        Assert.Equal(found.Length, result.Minimum);
        // Each of the hundred lengths with 96 items would be 9,600.
        Assert.InRange(client.Asked.Count, 50, 480);
        Assert.Equal(client.Asked.Count, result.Items.Count);
        Assert.All(result.Items, item => Assert.Equal("a", item.Task));
        // As a report it says the same, with every item.
        EvaluationReport report = result.ToReport("Where is the cliff?");
        Assert.Equal(("Where is the cliff?", result.Items.Count, result.Items.Count), (report.Title, report.Items.Count, report.Tasks[0].Scored));
        Assert.Equal(["Effective length", "Lengths measured"], report.Sections.Select(section => section.Title));
        string length = found.Length.Value.ToString("N0", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(["a", length, length], report.Sections[0].Rows[0].Take(3));
        Assert.Equal(found.Curve.Count, report.Sections[1].Rows.Count);
        Assert.Contains("Lengths measured", report.ToHtml(), StringComparison.Ordinal);
        Assert.True(report.Began > DateTimeOffset.UnixEpoch);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(1.5)]
    public async Task FindAsync_Slope_BracketHoldsTheTruthAtTheConfidence(double width)
    {
        const int Seeds = 40;
        const double Truth = 20_000, Threshold = 0.856;
        // 1 / (1 + (length / middle)^(1 / width)) falls to the threshold at the truth.
        double middle = Truth / Math.Pow((1 / Threshold) - 1, width);
        int misses = 0, requests = 0, narrow = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            ScriptedClient client = SlopeTask.Client(seed, (_, length) => 1 / (1 + Math.Pow(length / middle, 1 / width)));
            EffectiveLength found = (await FindAsync(client, Options(["a"]))).Tasks[0];
            if (found.Lower > Truth || found.Upper <= Truth) misses++;
            if (found.Length is { } length && Math.Abs(Math.Log(length / Truth)) < (2 * width * 0.3) + 0.1) narrow++;
            requests += client.Asked.Count;
        }

        Assert.InRange(misses, 0, (int)(Seeds * 0.05));
        Assert.InRange(narrow, Seeds * 9 / 10, Seeds);
        TestContext.Current.SendDiagnosticMessage($"width {width}: {misses} misses, {narrow} of {Seeds} near, {requests / Seeds} requests each");
        Assert.InRange(requests / Seeds, 50, 900);
    }

    [Fact]
    public async Task FindAsync_NeverFails_ThereIsNoUpperEnd()
    {
        EffectiveLength found = (await FindAsync(SlopeTask.Client(1, (_, _) => 1), Options(["a"]))).Tasks[0];
        Assert.Equal((Longest, null, Longest, null), (found.Length, found.FirstFailing, found.Lower, found.Upper));
        Assert.Equal(5, found.Curve.Count);
    }

    [Fact]
    public async Task FindAsync_FailsFromTheStart_ThereIsNoLength()
    {
        EffectiveContextResult result = await FindAsync(SlopeTask.Client(1, (task, _) => task == "a" ? 0 : 1), Options(["a", "b"]));
        EffectiveLength found = result.Tasks[0];
        Assert.Equal((null, Shortest, null, Shortest), (found.Length, found.FirstFailing, found.Lower, found.Upper));
        Assert.Null(result.Minimum);
        Assert.Null(result.Average.Length);
    }

    [Fact]
    public async Task FindAsync_RecoversAtLongerLengths_IsReported()
    {
        EffectiveLength found = (await FindAsync(SlopeTask.Client(1, (_, length) => length is > 6_000 and < 30_000 ? 0.1 : 1), Options(["a"]))).Tasks[0];
        Assert.InRange(6_000, found.Length!.Value, found.FirstFailing!.Value);
        Assert.Contains(Longest, found.Recoveries);
        Assert.All(found.Recoveries, length => Assert.True(length >= 30_000));
        Assert.InRange(6_000, found.Lower!.Value, found.Upper!.Value);
    }

    [Fact]
    public async Task FindAsync_SeveralTasks_AverageFailsWhereTheMeanDoes()
    {
        // At 8,000 the mean falls to 0.6, which is enough, at 50,000 to 0.15.
        ScriptedClient client = SlopeTask.Client(5, (task, length) => length <= (task == "a" ? 8_000 : 50_000) ? 1 : task == "a" ? 0.2 : 0.1);
        EffectiveContextResult result = await FindAsync(
            client, new EffectiveContextOptions { Tasks = [new SlopeTask("a"), new SlopeTask("b")], Threshold = 0.5, MinimumLength = Shortest, MaximumLength = Longest });
        Assert.Equal(["a", "b", "average"], result.Tasks.Append(result.Average).Select(found => found.Task));
        Assert.InRange(8_000, result.Tasks[0].Lower!.Value, result.Tasks[0].Upper!.Value);
        Assert.InRange(50_000, result.Tasks[1].Lower!.Value, result.Tasks[1].Upper!.Value);
        Assert.InRange(50_000, result.Average.Lower!.Value, result.Average.Upper!.Value);
        Assert.Equal(result.Tasks.Min(found => found.Length), result.Minimum);
        // What was asked for one question is not asked for another.
        Assert.Equal(client.Asked.Count, client.Asked.Select(asked => asked.Messages[^1].Text).Distinct().Count());
        Assert.Equal(client.Asked.Count, result.Items.Count);
    }

    [Fact]
    public async Task FindAsync_AgainOnAFolderAndWithOtherLimits_SameResultWithoutRequests()
    {
        using TemporaryFolder folder = new();
        ScriptedClient client = SlopeTask.Client(3, (_, length) => 1 / (1 + Math.Pow(length / 20_000.0, 3)));
        EffectiveContextResult first = await FindAsync(client, Options(["a", "b"], new EvaluationRunOptions { Folder = folder.Path, RequestsAtOnce = 1, ItemsAtOnce = 1 }));
        int asked = client.Asked.Count;
        EffectiveContextResult second = await FindAsync(client, Options(["a", "b"], new EvaluationRunOptions { Folder = folder.Path }));
        Assert.Equal(asked, client.Asked.Count);
        EffectiveContextResult third = await FindAsync(client, Options(["a", "b"], new EvaluationRunOptions { RequestsAtOnce = 16, ItemsAtOnce = 16 }));
        foreach (EffectiveContextResult other in new[] { second, third })
        {
            Assert.Equivalent(first.Tasks, other.Tasks);
            Assert.Equivalent(first.Average, other.Average);
            Assert.Equal(first.Items.Select(item => (item.Task, item.Length, item.Item, item.Score)), other.Items.Select(item => (item.Task, item.Length, item.Item, item.Score)));
        }
    }

    [Fact]
    public async Task FindAsync_FewItems_StaysUndecidedButEnds()
    {
        EffectiveContextOptions options = new() { Tasks = [new SlopeTask("a", items: 5)], MinimumLength = Shortest, MaximumLength = Longest };
        EffectiveLength found = (await FindAsync(SlopeTask.Client(1, (_, _) => 1), options)).Tasks[0];
        Assert.All(found.Curve, point => Assert.Equal((5, 1.0, LengthVerdict.Undecided), (point.Items, point.Mean, point.Verdict)));
        Assert.Equal((Longest, null, null), (found.Length, found.Lower, found.Upper));
    }

    [Fact]
    public async Task FindAsync_ModelCannotBeAsked_SaysWhy()
    {
        EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(
            () => FindAsync(new ScriptedClient(_ => throw new NotSupportedException("no such thing")), Options(["a"])));
        Assert.Contains("no such thing", fault.Message, StringComparison.Ordinal);
        Assert.Contains("1024", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FindAsync_BadOptions_AllAreNamed()
    {
        EffectiveContextOptions options = new() { Tasks = [new EchoTask("plain", 1)], Threshold = 1, MinimumLength = 0, Resolution = 0, CheckPoints = 1, BatchSize = 0, MaximumItems = -1, ConfidenceLevel = 0 };
        ArgumentException fault = await Assert.ThrowsAsync<ArgumentException>(() => FindAsync(RunModels.Echo(), options));
        foreach (string name in new[] { "plain", "Threshold", "MinimumLength", "Resolution", "CheckPoints", "BatchSize", "MaximumItems", "ConfidenceLevel" })
        {
            Assert.Contains(name, fault.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<ArgumentException>(() => FindAsync(RunModels.Echo(), new EffectiveContextOptions { Tasks = [new SlopeTask("a")] }));
    }

    [Theory]
    [InlineData(0.856, 0.005)]
    [InlineData(0.5, 0.05)]
    public void BettingTest_MeanAtTheThreshold_IsSeldomDecided(double threshold, double alpha)
    {
        const int Seeds = 2_000, Scores = 400;
        int above = 0, below = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            LongContext.Data.SplitMix64 random = new(seed, 1);
            BettingTest test = new(threshold, alpha);
            for (int i = 0; i < Scores && test.Verdict == LengthVerdict.Undecided; i++) test.Add(random.NextDouble() < threshold ? 1 : 0);
            if (test.Verdict == LengthVerdict.Above) above++;
            if (test.Verdict == LengthVerdict.Below) below++;
        }

        // Each side by itself stays below alpha; twice that is far out for chance to reach.
        Assert.InRange(above, 0, 2 * alpha * Seeds);
        Assert.InRange(below, 0, 2 * alpha * Seeds);
    }

    [Fact]
    public void BettingTest_ClearScores_AreDecidedSoon()
    {
        BettingTest right = new(0.856, 0.005), wrong = new(0.856, 0.005);
        int untilAbove = 0, untilBelow = 0;
        for (; right.Verdict == LengthVerdict.Undecided; untilAbove++) right.Add(1);
        for (; wrong.Verdict == LengthVerdict.Undecided; untilBelow++) wrong.Add(0);
        Assert.Equal((LengthVerdict.Above, LengthVerdict.Below), (right.Verdict, wrong.Verdict));
        // ln(1/0.005) / ln(1/0.856) = 34.1 with the best stake from the start; ln(1/0.005) / ln(1/0.144) = 2.7.
        Assert.InRange(untilAbove, 35, 50);
        Assert.InRange(untilBelow, 3, 5);
    }

    [Theory]
    [InlineData(1_024, 131_072, 0.05)]
    [InlineData(1, 2, 0.005)]
    [InlineData(1, 1_000, 0.05)]
    [InlineData(500, 501, 1)]
    public void LengthGrid_AnyRange_RisesFromEndToEnd(int shortest, int longest, double resolution)
    {
        int[] grid = LengthGrid.Create(shortest, longest, resolution);
        Assert.Equal((shortest, longest), (grid[0], grid[^1]));
        Assert.All(grid.Zip(grid.Skip(1)), pair => Assert.InRange(pair.Second, pair.First + 1, Math.Ceiling(pair.First * (1 + resolution)) + 1));
        int[] checkPoints = LengthGrid.CheckPoints(5, grid.Length);
        Assert.Equal((0, grid.Length - 1), (checkPoints[0], checkPoints[^1]));
        Assert.Equal(checkPoints.Distinct().Order(), checkPoints);
    }

    [Fact]
    public async Task LengthSearch_EveryCliff_IsBetweenNeighboursAndMeasuresNoMoreThanSaid()
    {
        int[] grid = LengthGrid.Create(1_024, 131_072, 0.05), checkPoints = LengthGrid.CheckPoints(5, grid.Length);
        for (int cliff = 0; cliff <= grid.Length; cliff++)
        {
            int measured = 0;
            EffectiveLength found = await LengthSearch.FindAsync("a", grid, checkPoints, 0.5, length =>
            {
                measured++;
                bool passes = Array.IndexOf(grid, length) < cliff;
                return Task.FromResult(new LengthMeasurement { Length = length, Items = 1, Mean = passes ? 1 : 0, Verdict = passes ? LengthVerdict.Above : LengthVerdict.Below });
            });
            int? last = cliff == 0 ? null : grid[cliff - 1], first = cliff == grid.Length ? null : grid[cliff];
            Assert.Equal((last, first, last, first), (found.Length, found.FirstFailing, found.Lower, found.Upper));
            Assert.InRange(measured, 5, LengthGrid.MostMeasured(checkPoints));
        }
    }

    [Fact]
    public async Task LengthSearch_UndecidedDipBelowALengthSurelyAbove_CountsAsPassed()
    {
        int[] grid = [.. Enumerable.Range(1, 9).Select(i => i * 1_000)];
        EffectiveLength found = await SearchAsync(grid, 0.856, length => length switch
        {
            3_000 => (0.8, LengthVerdict.Undecided),
            >= 8_000 => (0.2, LengthVerdict.Below),
            _ => (0.95, LengthVerdict.Above),
        });
        Assert.Equal((7_000, 7_000, 8_000, 8_000), (found.Length, found.Lower, found.Upper, found.FirstFailing));
        Assert.Equal("a: 7,000 tokens (at least 7,000, less than 8,000)", found.ToString());
        Assert.Contains(found.Curve, point => point is { Length: 3_000, Mean: 0.8 });
    }

    [Fact]
    public async Task LengthSearch_AnyCurve_LengthLiesInItsBracket()
    {
        int[] grid = [.. Enumerable.Range(1, 17).Select(i => i * 1_000)];
        int dips = 0;
        for (int seed = 0; seed < 2_000; seed++)
        {
            LongContext.Data.SplitMix64 random = new(seed, 7);
            Dictionary<int, (double, LengthVerdict)> curve = grid.ToDictionary(length => length, _ => random.NextInt(4) switch
            {
                0 => (0.9, LengthVerdict.Above),
                1 => (0.6, LengthVerdict.Undecided),
                2 => (0.4, LengthVerdict.Undecided),
                _ => (0.1, LengthVerdict.Below),
            });
            EffectiveLength found = await SearchAsync(grid, 0.5, length => curve[length]);
            Assert.True((found.Length ?? 0) >= (found.Lower ?? 0), $"{seed}: {found}");
            Assert.True((found.Length ?? 0) < (found.Upper ?? int.MaxValue), $"{seed}: {found}");
            Assert.True((found.FirstFailing ?? int.MaxValue) > (found.Length ?? 0), $"{seed}: {found}");
            if (found.Curve.Any(point => point.Mean < 0.5 && point.Length < found.Length)) dips++;
        }

        Assert.True(dips > 50);
    }

    [Fact]
    public async Task FindAsync_TaskAndJudgeHaveSomethingToSay_ItIsNoted()
    {
        ScriptedClient client = new(prompt => prompt.Contains("[[", StringComparison.Ordinal) ? "[[10]]" : "right");
        NeedleTask judged = new(new NeedleTaskOptions { Lengths = [1_024], Judge = new Judge(RunModels.Of(client), JudgePrompt.Needle) });
        EffectiveContextResult result = await FindAsync(client, Options([]) with { Tasks = [new SlopeTask("a") { Told = ["'a': short answers."] }, judged], MaximumLength = 1_200, MaximumItems = 12, BatchSize = 6 });
        Assert.Contains("'a': short answers.", result.Notes);
        Assert.Contains(result.Notes, note => note.Contains("the model 'model' rates its own answers", StringComparison.Ordinal));
        Assert.Contains("short answers", result.ToReport().ToMarkdown(), StringComparison.Ordinal);

        // Without a time there is none to tell.
        EvaluationReport undated = (result with { Began = default }).ToReport();
        foreach (string text in (string[])[undated.ToHtml(), undated.ToMarkdown()]) Assert.DoesNotContain("0001", text, StringComparison.Ordinal);
        Assert.Contains("Run of ", result.ToReport().ToMarkdown(), StringComparison.Ordinal);
    }

    private static Task<EffectiveLength> SearchAsync(int[] grid, double threshold, Func<int, (double Mean, LengthVerdict Verdict)> measure) =>
        LengthSearch.FindAsync("a", grid, [0, grid.Length / 4, grid.Length / 2, grid.Length * 3 / 4, grid.Length - 1], threshold, length =>
        {
            (double mean, LengthVerdict verdict) = measure(length);
            return Task.FromResult(new LengthMeasurement { Length = length, Items = 40, Mean = mean, Verdict = verdict });
        });

    private static EffectiveContextOptions Options(string[] tasks, EvaluationRunOptions? run = null) =>
        new() { Tasks = [.. tasks.Select(task => new SlopeTask(task))], MinimumLength = Shortest, MaximumLength = Longest, Run = run ?? new EvaluationRunOptions() };

    private static Task<EffectiveContextResult> FindAsync(ScriptedClient client, EffectiveContextOptions options) =>
        EffectiveContext.FindAsync(RunModels.Of(client), options, cancellationToken: Token);
}
