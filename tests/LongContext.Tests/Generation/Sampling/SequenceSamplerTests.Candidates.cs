using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Grammars;
using LongContext.Generation.Sampling;
using LongContext.Tests.Generation.Chat;
using LongContext.Tokenization;

namespace LongContext.Tests.Generation.Sampling;

/// <summary>A token chosen from candidates is, where they tell, the token that the whole row gives.</summary>
public sealed partial class SequenceSamplerTests
{
    /// <summary>The GPU's, and one so wide that whoever forgets it is wrong often.</summary>
    private static readonly double[] Tolerances = [1.0 / (1 << 15), 0.02];

    [Fact]
    public void TryNext_RandomRowsAndOptions_ChoosesWhatTheRowDoesOrNothing()
    {
        var random = new SplitMix64(31);
        (int asked, int decided, int many) = (0, 0, 0);
        for (int round = 0; round < 6_000; round++)
        {
            float[] row = Row(ref random, 1 + random.NextInt(random.NextInt(3) == 0 ? 2_000 : 120));
            GenerationOptions options = Filtered(ref random, round);
            SequenceSampler byRow = Create(options, row.Length), byCandidates = Create(options, row.Length);
            RowNeed need = byCandidates.Need;
            if (need.Candidates == 0) continue;
            asked++;
            Candidates found = Candidates.Of(row, need, random.NextInt(2) == 0 ? 0 : random.NextInt(20), ref random, Tolerances[round % 2]);
            string? fault = Fault(() => byRow.Next((float[])row.Clone()), out int expected);
            if (!byCandidates.TryNext(found.View, out int token))
            {
                Assert.Equal((0, -1), (byCandidates.MadeCount, token));
                // Nothing has changed: the row gives what it would have given.
                Assert.Equal((fault, expected), (Fault(() => byCandidates.Next((float[])row.Clone()), out int later), later));
                continue;
            }

            Assert.Null(fault);
            Assert.Equal(expected, token);
            Assert.Equal(1, byCandidates.MadeCount);
            decided++;
            if (found.Tokens.Length < row.Length) many++;
            if (options.LogProbabilities is null) continue;
            float within = (float)(2 * found.Tolerance);
            Assert.Equal(byRow.LogProbability, byCandidates.LogProbability, within);
            Assert.Equal(byRow.Alternatives.ToArray().Select(x => x.TokenId), byCandidates.Alternatives.ToArray().Select(x => x.TokenId));
            Assert.All(byRow.Alternatives.ToArray().Zip(byCandidates.Alternatives.ToArray()), pair => Assert.Equal(pair.First.LogProbability, pair.Second.LogProbability, within));
        }

        TestContext.Current.SendDiagnosticMessage($"{asked} asked, {decided} decided, {many} of them by a part of the row");
        Assert.True(asked > 3_000 && decided > asked / 2 && many > 800, $"{asked} asked, {decided} decided, {many} of them by a part of the row");
    }

    /// <summary>Scores as a model has them, falling by a power law: candidates decide nearly always.</summary>
    [Theory]
    [InlineData(1, null, null, null, 0.85)]
    [InlineData(0.7, null, null, null, 0.97)]
    [InlineData(1, null, 0.95, null, 0.85)]
    [InlineData(0.8, null, 0.9, null, 0.97)]
    [InlineData(1, null, null, 0.05, 0.99)]
    [InlineData(1, 20, 0.8, null, 0.99)]
    [InlineData(1, 500, null, null, 0.5)]
    public void TryNext_RowsLikeAModels_Decides(double temperature, int? topK, double? topP, double? minP, double share)
    {
        const int vocabulary = 20_000, draws = 400;
        var random = new SplitMix64(5);
        int decided = 0;
        for (int i = 0; i < draws; i++)
        {
            float[] row = [.. Enumerable.Range(1, vocabulary).Select(rank => (float)(-1.6 * Math.Log(rank)))];
            for (int j = row.Length - 1; j > 0; j--)
            {
                int other = random.NextInt(j + 1);
                (row[j], row[other]) = (row[other], row[j]);
            }

            var options = new GenerationOptions { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP, Seed = i };
            SequenceSampler sampler = Create(options, vocabulary);
            if (!sampler.TryNext(Candidates.Of(row, sampler.Need, 0, ref random).View, out int token)) continue;
            decided++;
            Assert.Equal(Create(options, vocabulary).Next(row), token);
        }

        TestContext.Current.SendDiagnosticMessage($"{decided} of {draws}");
        Assert.True(decided >= share * draws, $"{decided} of {draws} decided");
    }

    [Fact]
    public void Need_SaysWhatTheOptionsAskFor()
    {
        Assert.Equal(new RowNeed(1, 1), Of(new GenerationOptions()));
        Assert.Equal(new RowNeed(5, 1), Of(new GenerationOptions { LogProbabilities = 5 }));
        Assert.Equal(new RowNeed(64, 2), Of(new GenerationOptions { Temperature = 0.5 }));
        Assert.Equal(new RowNeed(20, 1), Of(new GenerationOptions { Temperature = 1, TopK = 20, TopP = 0.9, MinP = 0.1, LogProbabilities = 3 }));
        Assert.Equal(new RowNeed(64, 1), Of(new GenerationOptions { Temperature = 1, TopK = 200 }));
        GenerationOptions[] whole =
        [
            new() { LogProbabilities = 65 }, new() { Temperature = 1e-5 }, new() { Temperature = 1, TypicalP = 0.9 }, new() { Temperature = 1, TopNSigma = 1 }, new() { RepetitionPenalty = 1.1 },
            new() { FrequencyPenalty = 0.1 }, new() { PresencePenalty = 0.1 }, new() { NoRepeatNGramSize = 2 }, new() { BadWordIds = [[1]] }, new() { LogitBias = new Dictionary<int, double> { [1] = 1 } },
            new() { MinimumNewTokens = 1 },
        ];
        Assert.All(whole, options => Assert.Equal(RowNeed.Whole, Of(options)));
        SequenceSampler sampler = Create(new GenerationOptions { MinimumNewTokens = 1 }, 3, stops: [2]);
        sampler.Next([0, 1, 2]);
        Assert.Equal(new RowNeed(1, 1), sampler.Need);

        static RowNeed Of(GenerationOptions options) => Create(options, stops: [2]).Need;
    }

    [Fact]
    public void TryGuess_OfCandidates_IsTheGuessOfTheRow()
    {
        var random = new SplitMix64(8);
        int taken = 0;
        for (int round = 0; round < 300; round++)
        {
            float[] row = Row(ref random, 1 + random.NextInt(100));
            SequenceSampler byRow = Create(new GenerationOptions(), row.Length), byCandidates = Create(new GenerationOptions(), row.Length);
            string? fault = Fault(() => byRow.Guess((float[])row.Clone(), default), out int expected);
            Assert.Equal(fault is null, byCandidates.TryGuess(Candidates.Of(row, byCandidates.Need, 0, ref random).View, out int token));
            Assert.Equal(expected, token);
            Assert.Equal(byRow.MadeCount, byCandidates.MadeCount);
            if (fault is null) taken++;
            byCandidates.Retract();
            Assert.Equal(0, byCandidates.MadeCount);
        }

        Assert.InRange(taken, 200, 299);
        float[] scores = [1, 2];
        SequenceSampler draws = Create(new GenerationOptions { Temperature = 1 }, 2);
        Assert.False(draws.TryGuess(Candidates.Of(scores, draws.Need, 0, ref random).View, out _)); // its probabilities are asked for
    }

    /// <summary>A grammar of free text in which "&lt;" opens two digits and the end.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.9)]
    public void Need_UnderAGrammar_IsTheRowOnlyWhereItHolds(double temperature)
    {
        const int stop = 259;
        HuggingFaceTokenizer tokenizer = ChatModels.Tokenizer;
        var grammar = new CompiledGrammar(TokenBytes.Of(tokenizer), 1, graph =>
        {
            int opened = graph.Add(), second = graph.Add(), end = graph.Add(endsRule: true);
            graph.Byte(opened, (byte)'0', (byte)'9', second);
            graph.Byte(second, (byte)'0', (byte)'9', end);
            return FreeText.Until(graph, "<", opened, end);
        });
        var random = new SplitMix64(6);
        (int rows, int candidates, int held) = (0, 0, 0);
        for (int seed = 0; seed < 60; seed++)
        {
            var options = new GenerationOptions { Temperature = temperature, TopK = 5, Seed = seed };
            SequenceSampler byRow = Make(), byNeed = Make(), byGuess = Make();
            for (int i = 0, token = -1, opened = 0; i < 40 && token != stop; i++)
            {
                float[] row = Row(ref random, tokenizer.VocabularySize, plain: true);
                if (random.NextInt(20) == 0) row['<'] = row.Max() + 20;
                token = byRow.Next((float[])row.Clone());
                RowNeed need = byNeed.Need;
                Assert.Equal(opened > 0, need == RowNeed.Whole);
                if (need == RowNeed.Whole) rows++;
                else candidates++;
                TokenCandidates found = Candidates.Of(row, new RowNeed(8, need.Candidates == 0 ? 1 : need.InverseTemperature), 0, ref random).View;
                if (!byNeed.TryNext(found, out int chosen)) chosen = byNeed.Next((float[])row.Clone());
                else Assert.True(need.Candidates > 0);
                Assert.Equal(token, chosen);
                if (temperature == 0)
                {
                    // A guess that is taken back leaves the grammar where it was.
                    Assert.Equal(need.Candidates > 0, byGuess.TryGuess(found, out int guess));
                    Assert.Equal(need.Candidates > 0 ? token : -1, guess);
                    byGuess.Retract();
                    Assert.Equal(token, byGuess.Next((float[])row.Clone()));
                }

                if (opened > 0 || token == '<') opened++;
                if (opened > 1) held++;
            }

            SequenceSampler Make() => new(options, tokenizer.VocabularySize, [], [stop], new TokenDistribution(), new GrammarConstraint(grammar, [stop]));
        }

        Assert.True(candidates > 500 && rows > 50 && held > 50, $"{candidates} by candidates, {rows} by rows, {held} held");
    }

    [Fact]
    public void TryNext_ManyTokens_AllocatesNothing()
    {
        var random = new SplitMix64(3);
        float[] row = Row(ref random, 2_000, plain: true);
        var options = new GenerationOptions { Temperature = 0.9, TopK = 30, TopP = 0.9, MinP = 0.01, LogProbabilities = 5, MaximumNewTokens = 4000 };
        SequenceSampler sampler = Create(options, row.Length);
        Candidates found = Candidates.Of(row, sampler.Need, 0, ref random);
        (long before, int decided) = (0, 0);
        for (int i = 0; i < 300; i++)
        {
            if (i == 100) before = GC.GetAllocatedBytesForCurrentThread();
            if (sampler.TryNext(found.View, out _)) decided++;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(300, decided);
    }

    private static string? Fault(Func<int> choose, out int token)
    {
        token = -1;
        try
        {
            token = choose();
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or NoTokenAllowedException)
        {
            return e.Message;
        }
    }

    /// <summary>Rows with many equals, with tokens that are masked, with nothing but those, with numbers that are none.</summary>
    private static float[] Row(ref SplitMix64 random, int length, bool plain = false)
    {
        float[] row = new float[length];
        int kind = plain ? 1 : random.NextInt(12);
        double spread = Math.Pow(10, (random.NextDouble() * 3) - 1.5);
        for (int i = 0; i < length; i++)
        {
            double score = spread * Math.Log(1e-6 + random.NextDouble());
            row[i] = kind switch { 0 => random.NextInt(3), 2 => (float)Math.Round(score), 3 => float.NegativeInfinity, 4 when random.NextInt(3) > 0 => float.NegativeInfinity, 5 => -0f * random.NextInt(2), _ => (float)score };
        }

        if (kind == 3 && random.NextInt(3) > 0) row[random.NextInt(length)] = -3;
        if (kind == 6) row[random.NextInt(length)] = random.NextInt(2) == 0 ? float.NaN : float.PositiveInfinity;
        return row;
    }

    private static GenerationOptions Filtered(ref SplitMix64 random, int seed) => new()
    {
        Temperature = random.NextInt(5) == 0 ? 0 : random.NextInt(3) == 0 ? Math.Pow(10, (random.NextDouble() * 6) - 3) : 0.2 + random.NextDouble(),
        TopK = random.NextInt(2) == 0 ? 1 + random.NextInt(random.NextInt(2) == 0 ? 20 : 200) : null,
        TopP = random.NextInt(2) == 0 ? random.NextInt(4) == 0 ? 1 - (1e-6 * random.NextDouble()) : 0.05 + (0.95 * random.NextDouble()) : null,
        MinP = random.NextInt(3) == 0 ? random.NextInt(5) == 0 ? random.NextInt(2) : random.NextDouble() * random.NextDouble() : null,
        LogProbabilities = random.NextInt(3) == 0 ? random.NextInt(70) : null,
        Seed = seed,
    };

    /// <summary>What a GPU would find of a row, its masses off by what they may be.</summary>
    private sealed record Candidates(int[] Tokens, float[] Scores, double Mass, double ScaledMass, double Tolerance)
    {
        public TokenCandidates View => new() { Tokens = Tokens, Scores = Scores, Mass = Mass, ScaledMass = ScaledMass, Tolerance = Tolerance };

        public static Candidates Of(float[] row, RowNeed need, int more, ref SplitMix64 random, double tolerance = 1.0 / (1 << 15))
        {
            int count = Math.Min(row.Length, Math.Min(RowNeed.MostCandidates, need.Candidates + more));
            int[] tokens = [.. Enumerable.Range(0, row.Length).OrderByDescending(i => row[i]).ThenBy(i => i).Take(count)];
            float highest = row.Max();
            bool isDamaged = row.Any(float.IsNaN) || float.IsPositiveInfinity(highest), isEmpty = float.IsNegativeInfinity(highest);
            double off = 1 + (((random.NextDouble() * 2) - 1) * 0.9 * tolerance);
            return new Candidates(tokens, [.. tokens.Select(i => row[i] + 0f)], MassOf(1), MassOf(need.InverseTemperature), tolerance);

            double MassOf(double inverse) => isDamaged ? double.NaN : isEmpty ? 0 : off * row.Sum(score => Math.Exp(((double)score - highest) * inverse));
        }
    }
}
