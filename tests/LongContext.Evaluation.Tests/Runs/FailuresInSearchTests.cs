using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Runs;

/// <summary>Searches whose items fail.</summary>
public sealed class FailuresInSearchTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FindAsync_SomeItemsFail_TheySpeakForNeitherSide()
    {
        // A model that is right whenever it answers, and fails on a third: nobody can say that it is above 0.856, nor that it is below.
        ScriptedClient client = new(question => int.Parse(question.Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture) % 3 == 0 ? throw new NotSupportedException("filtered") : "right");
        EffectiveContextResult result = await FindAsync(client, new SlopeTask("a"));
        Assert.All(result.Tasks[0].Curve, point => Assert.Equal((64, 32, 1.0, LengthVerdict.Undecided), (point.Items, point.Failed, point.Mean, point.Verdict)));
        Assert.Equal((32_768, null, null), (result.Tasks[0].Length, result.Tasks[0].Lower, result.Tasks[0].Upper));
        Assert.Contains("32 of 96", result.Notes[0], StringComparison.Ordinal);
        Assert.Contains("filtered", result.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task FindAsync_FewItemsFail_VerdictsHoldAllTheSame()
    {
        ScriptedClient client = new(question => question.EndsWith(" 5", StringComparison.Ordinal) ? throw new NotSupportedException("filtered") : Length(question) <= 8_192 ? "right" : "wrong");
        EffectiveLength found = (await FindAsync(client, new SlopeTask("a"))).Tasks[0];
        Assert.InRange(found.Length!.Value, 7_700, 8_192);
        Assert.Equal(found.Length, found.Lower);
        Assert.Equal(found.FirstFailing, found.Upper);
    }

    [Fact]
    public async Task FindAsync_AllItemsOfLongLengthsFail_ShorterOnesAreMeasured()
    {
        ScriptedClient client = new(question => Length(question) > 8_192 ? throw new HttpRequestException("crashed") : "right");
        EffectiveContextOptions options = Options(
            [new SlopeTask("a"), new SlopeTask("b")], new EvaluationRunOptions { MaximumTries = 2, RetryDelay = TimeSpan.FromTicks(1), MaximumRetryDelay = TimeSpan.FromMilliseconds(1) });
        EffectiveContextResult result = await EffectiveContext.FindAsync(RunModels.Of(client), options, cancellationToken: Token);
        foreach (EffectiveLength found in result.Tasks.Append(result.Average))
        {
            Assert.InRange(found.Length!.Value, 7_700, 8_192);
            Assert.Equal((found.Length, null, null), (found.Lower, found.Upper, found.FirstFailing));
            Assert.All(found.Curve.Where(point => point.Length > 8_192), point => Assert.Equal((0, LengthVerdict.Undecided), (point.Items, point.Verdict)));
        }

        Assert.All(
            result.Tasks.Take(1).SelectMany(found => found.Curve).Where(point => point.Length > 8_192),
            point => Assert.Contains(result.Notes, note => note.StartsWith($"'a' at length {point.Length}: no item was scored", StringComparison.Ordinal)));
        // A batch of each length, and no more.
        Assert.All(result.Items.Where(item => item.Length > 8_192).GroupBy(item => (item.Task, item.Length)), group => Assert.InRange(group.Count(), 1, 8));
    }

    [Fact]
    public async Task FindAsync_ServerIsGone_EndsSoonAndSaysWhy()
    {
        int asked = 0;
        ScriptedClient client = new(_ =>
        {
            Interlocked.Increment(ref asked);
            throw new HttpRequestException("refused");
        });
        EffectiveContextOptions options = Options([new SlopeTask("a"), new SlopeTask("b")], new EvaluationRunOptions { MaximumTries = 1 });
        EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(() => EffectiveContext.FindAsync(RunModels.Of(client), options, cancellationToken: Token));
        Assert.Contains("refused", fault.Message, StringComparison.Ordinal);
        Assert.InRange(asked, 8, (5 + 1) * (8 + 3));
    }

    [Fact]
    public async Task FindAsync_ItemsOfALengthCannotBeMade_OthersAreMeasured()
    {
        EffectiveContextResult result = await FindAsync(new ScriptedClient(_ => "right"), new ShyTask());
        EffectiveLength found = result.Tasks[0];
        Assert.Equal((32_768, null), (found.Length, found.FirstFailing));
        Assert.Equal((0, 0), (found.Curve[0].Items, found.Curve[0].Failed));
        Assert.All(found.Curve.Skip(1), point => Assert.Equal(LengthVerdict.Above, point.Verdict));
        Assert.Equal(32_768, found.Lower);
        Assert.Contains("too short", Assert.Single(result.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1_500, 8_192)]
    [InlineData(2_000, 2_300)]
    public async Task FindAsync_ShortLengthsHaveNoItems_TheSearchBeginsWhereItemsDo(int shortest, int reached)
    {
        // In the second case the first check point with items, 2,436 tokens, fails already: what is reached lies below it.
        EffectiveContextResult result = await FindAsync(new ScriptedClient(question => Length(question) <= reached ? "right" : "wrong"), new ShyTask { Shortest = shortest }, new SlopeTask("shown"));
        foreach (EffectiveLength found in result.Tasks.Append(result.Average))
        {
            Assert.InRange(found.Length!.Value, reached / 1.06, reached);
            Assert.InRange(found.FirstFailing!.Value, reached, reached * 1.06);
        }

        Assert.DoesNotContain(result.Average.Curve, point => point.Items > 0 && point.Length < shortest);
    }

    [Fact]
    public async Task FindAsync_LongLengthsHaveNoItems_TheLastThatHasSomeIsFound()
    {
        EffectiveLength found = (await FindAsync(new ScriptedClient(_ => "right"), new ShyTask { Longest = 8_192 })).Tasks[0];
        Assert.InRange(found.Length!.Value, 7_700, 8_192);
        Assert.Equal((found.Length, null, null), (found.Lower, found.Upper, found.FirstFailing));
    }

    [Fact]
    public async Task FindAsync_ATaskHasNoItems_TheAverageIsOfTheOthers()
    {
        EffectiveContextResult result = await FindAsync(new ScriptedClient(question => Length(question) <= 8_192 ? "right" : "wrong"), new SlopeTask("a"), new ShyTask { Shortest = 100_000 }, new SlopeTask("b"));
        Assert.InRange(result.Average.Length!.Value, 7_700, 8_192);
        Assert.Null(result.Tasks[1].Length);
        Assert.Equal("shy: there is no item of any length", result.Tasks[1].ToString());
        Assert.Contains(result.Notes, note => note.Contains("without 'shy'", StringComparison.Ordinal));
        Assert.Null(result.Minimum);
        Assert.Equal(
            ["model, threshold 0.856", $"{result.Tasks[0]}", "shy: there is no item of any length", $"{result.Tasks[2]}", $"{result.Average}", "in every task: none"],
            result.ToString().TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task FindAsync_JudgeFailsAtOneLength_IsAskedAtTheNext()
    {
        EvaluationModel judge = RunModels.Of(
            new ScriptedClient(question => Length(question) is > 2_000 and < 3_000 ? throw new HttpRequestException("busy", null, System.Net.HttpStatusCode.NotFound) : "right"), "judge");
        EffectiveContextOptions options = Options([new JudgedTask(judge)], new EvaluationRunOptions { MaximumFailuresInARow = 2, MaximumTries = 1 });
        EffectiveContextResult result = await EffectiveContext.FindAsync(RunModels.Of(new ScriptedClient(_ => "right")), options, cancellationToken: Token);
        Assert.All(result.Tasks[0].Curve.Where(point => point.Length is < 2_000 or > 3_000), point => Assert.Equal((0, 1.0), (point.Failed, point.Mean)));
        Assert.Contains(result.Tasks[0].Curve, point => point is { Length: > 2_000 and < 3_000, Items: 0 });
    }

    [Fact]
    public async Task FindAsync_MostItemsNoMultipleOfABatch_NoMoreAreAsked()
    {
        ScriptedClient client = new(question => question.EndsWith('3') ? "wrong" : "right");
        EffectiveContextOptions options = new() { Tasks = [new SlopeTask("a")], MaximumLength = 32_768, BatchSize = 8, MaximumItems = 20 };
        EffectiveContextResult result = await EffectiveContext.FindAsync(RunModels.Of(client), options, cancellationToken: Token);
        Assert.All(result.Tasks[0].Curve, point => Assert.Equal(20, point.Items));
        Assert.Equal(20 * result.Tasks[0].Curve.Count, client.Asked.Count);
    }

    [Fact]
    public void BettingTest_ScoresBetweenTwo_NeverSayMoreThanBothEnds()
    {
        int decided = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            LongContext.Data.SplitMix64 random = new(seed, 3);
            double often = 0.1 + (0.8 * random.NextDouble());
            bool leastWasBelow = false, mostWasAbove = false;
            BettingTest least = new(0.6, 0.05), most = new(0.6, 0.05), both = new(0.6, 0.05);
            for (int i = 0; i < 120; i++)
            {
                double low = random.NextDouble() < often ? 1 : 0, high = random.NextDouble() < 0.05 ? 1 : low;
                least.Add(low);
                most.Add(high);
                both.Add(low, high);
                leastWasBelow |= least.Verdict == LengthVerdict.Below;
                mostWasAbove |= most.Verdict == LengthVerdict.Above;
                // An end that has won the other side before is undecided once it wins this one.
                if (both.Verdict == LengthVerdict.Above) Assert.True(least.Verdict == LengthVerdict.Above || leastWasBelow);
                if (both.Verdict == LengthVerdict.Below) Assert.True(most.Verdict == LengthVerdict.Below || mostWasAbove);
                decided += both.Verdict != LengthVerdict.Undecided ? 1 : 0;
            }
        }

        Assert.True(decided > 1_000);
    }

    private static int Length(string question) => int.Parse(question.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    private static EffectiveContextOptions Options(EvaluationTask[] tasks, EvaluationRunOptions? run = null) =>
        new() { Tasks = tasks, MinimumLength = 1_024, MaximumLength = 32_768, Run = run ?? new EvaluationRunOptions() };

    private static Task<EffectiveContextResult> FindAsync(ScriptedClient client, params EvaluationTask[] tasks) =>
        EffectiveContext.FindAsync(RunModels.Of(client), Options(tasks), cancellationToken: Token);

    /// <summary>Items that another model scores.</summary>
    private sealed class JudgedTask(EvaluationModel judge) : EvaluationTask, ISizedTask
    {
        private readonly SlopeTask inner = new("judged");

        public override string Name => "judged";

        public override string Identity => "judged";

        public IReadOnlyList<int> Lengths => inner.Lengths;

        public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => inner.CreateItems(tokenizer);

        public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length) => inner.CreateItems(tokenizer, length);

        public override async ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default) =>
            new((await session.AskOtherAsync(judge, item.Prompt, item.Settings, cancellationToken)).Text == "right" ? 1 : 0);
    }

    /// <summary>A question that alone is longer than the shortest length, and a text that ends before the longest.</summary>
    private sealed class ShyTask : AnswerTask, ISizedTask
    {
        private readonly SlopeTask inner = new("shy");

        public override string Name => "shy";

        public override string Identity => "shy";

        public int Shortest { get; init; } = 2_000;

        public int Longest { get; init; } = int.MaxValue;

        public IReadOnlyList<int> Lengths => [2_048];

        public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => CreateItems(tokenizer, 2_048);

        public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length) => length < Shortest || length > Longest ? throw new ArgumentException("too short") : inner.CreateItems(tokenizer, length);

        public override ItemScore Score(EvaluationItem item, string answer) => inner.Score(item, answer);
    }
}
