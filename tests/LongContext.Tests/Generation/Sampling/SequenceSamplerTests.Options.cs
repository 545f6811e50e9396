using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Sampling;

namespace LongContext.Tests.Generation.Sampling;

public sealed partial class SequenceSamplerTests
{
    [Fact]
    public void Distribute_RandomRowsAndFilters_AreTheExactDistribution()
    {
        var random = new SplitMix64(7);
        for (int round = 0; round < 400; round++)
        {
            int vocabulary = 1 + random.NextInt(round % 4 == 0 ? 3000 : 60);
            float[] row = new float[vocabulary];
            float spread = (float)Math.Pow(10, (random.NextDouble() * 3) - 2);
            for (int i = 0; i < vocabulary; i++) row[i] = random.NextInt(8) == 0 ? float.NegativeInfinity : spread * (float)((random.NextDouble() * 2) - 1);
            row[random.NextInt(vocabulary)] = spread;
            var options = new GenerationOptions
            {
                Temperature = 0.2 + random.NextDouble(),
                TopNSigma = random.NextInt(4) == 0 ? random.NextDouble() * 3 : null,
                TopK = random.NextInt(2) == 0 ? 1 + random.NextInt(random.NextInt(2) == 0 ? 20 : 2000) : null,
                TopP = random.NextInt(2) == 0 ? 0.05 + (0.95 * random.NextDouble()) : null,
                MinP = random.NextInt(3) == 0 ? random.NextDouble() * 0.5 : null,
                TypicalP = random.NextInt(3) == 0 ? 0.1 + (0.9 * random.NextDouble()) : null,
            };
            double[] expected = Oracle(row, options);
            float[] probabilities = new float[vocabulary];
            Create(options, vocabulary).Distribute((float[])row.Clone(), probabilities);
            for (int i = 0; i < vocabulary; i++) Assert.Equal(expected[i], probabilities[i], 2e-6);
            for (int draw = 0; draw < 5; draw++)
            {
                int token = Create(new GenerationOptions
                {
                    Temperature = options.Temperature, TopNSigma = options.TopNSigma, TopK = options.TopK, TopP = options.TopP, MinP = options.MinP, TypicalP = options.TypicalP, Seed = draw,
                }, vocabulary).Next((float[])row.Clone());
                Assert.True(expected[token] > 0);
            }
        }
    }

    [Fact]
    public void Next_EqualScoresAtABorder_TheLowerIdsStay()
    {
        Assert.Equal([0, 2], Drawn([1, 0, 1, 1], new GenerationOptions { Temperature = 1, TopK = 2 }));
        Assert.Equal([1, 2], Drawn([0, 1, 1, 1, 1], new GenerationOptions { Temperature = 1e-3, TopP = 0.5 }));
        Assert.Equal([1], Drawn([0, 3, 3], new GenerationOptions { Temperature = 1, TopNSigma = 0, TopK = 1 }));
        Assert.Equal([1, 2], Drawn([0, 3, 3], new GenerationOptions { Temperature = 1, TopNSigma = 0 }));
    }

    [Fact]
    public void Next_VeryHighTemperature_DrawsEvenlyAmongTokensThatAreNotMasked()
    {
        int[] counts = new int[4];
        SequenceSampler sampler = Create(new GenerationOptions { Temperature = 1e300 }, 4);
        for (int i = 0; i < 3000; i++) counts[sampler.Next([-5, float.NegativeInfinity, 30, 0])]++;
        Assert.Equal(0, counts[1]);
        Assert.All([counts[0], counts[2], counts[3]], count => Assert.InRange(count, 850, 1150));
    }

    [Fact]
    public void Next_AllButOneMasked_TakesThatOne()
    {
        float[] row = new float[1000];
        foreach (double temperature in new[] { 0, 1, 1e-300, 1e300 })
        {
            Array.Fill(row, float.NegativeInfinity);
            row[777] = -1e30f;
            Assert.Equal(777, Create(new GenerationOptions { Temperature = temperature, TypicalP = 0.5 }, 1000).Next(row));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.7)]
    public void Next_NothingLeft_IsAnExceptionThatSaysSo(double temperature)
    {
        var options = new GenerationOptions { Temperature = temperature, LogitBias = new Dictionary<int, double> { [0] = double.NegativeInfinity }, BadWordIds = [[1]] };
        NoTokenAllowedException e = Assert.Throws<NoTokenAllowedException>(() => Create(options, 2).Next([1, 2]));
        Assert.Contains("LogitBias", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "+∞")]
    public void Next_ScoreThatIsNoNumber_IsReportedWhereverItStands(float bad, string text)
    {
        for (int place = 0; place < 40; place++)
        {
            float[] row = new float[40];
            row[place] = bad;
            Assert.Contains(text, Assert.Throws<InvalidOperationException>(() => Create(new GenerationOptions(), 40).Next(row)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Next_Penalties_FollowTheirFormulas()
    {
        var options = new GenerationOptions
        {
            FrequencyPenalty = 0.5, PresencePenalty = 0.25, RepetitionPenalty = 2, LogitBias = new Dictionary<int, double> { [3] = 2, [4] = -100 },
        };
        SequenceSampler sampler = Create(options, 6, [5]);
        Assert.Equal(0, sampler.Next([9, 0, 0, 0, 0, 0]));
        Assert.Equal(0, sampler.Next([9, 0, 0, 0, 0, 0]));
        float[] row = [4, -4, 0, 1, 50, 3];
        Assert.Equal(3, sampler.Next(row));
        // Bias first, then halved for being seen, then 2 · 0.5 + 0.25 for being made twice. The prompt's token counts for the repetition penalty only.
        Assert.Equal([0.75f, -4, 0, 3, -50, 1.5f], row);
    }

    [Fact]
    public void Next_BadWordsAndRepeatedNGrams_AreNeverMade()
    {
        var random = new SplitMix64(5);
        for (int round = 0; round < 40; round++)
        {
            int size = 1 + random.NextInt(4);
            int[] prompt = [.. Enumerable.Range(0, 4).Select(_ => random.NextInt(24))];
            int[][] words = [[random.NextInt(24)], [random.NextInt(24), random.NextInt(24)], [7, 8, 9]];
            var options = new GenerationOptions { Temperature = 1, Seed = round, NoRepeatNGramSize = size, BadWordIds = words };
            SequenceSampler sampler = Create(options, 24, prompt);
            List<int> all = [.. prompt];
            for (int i = 0; i < 12; i++)
            {
                int token = sampler.Next(new float[24]);
                List<int> grown = [.. all, token];
                Assert.DoesNotContain(words, word => grown.TakeLast(word.Length).SequenceEqual(word));
                for (int at = 0; at + size < grown.Count; at++) Assert.False(grown.Skip(at).Take(size).SequenceEqual(grown.TakeLast(size)));
                all = grown;
            }
        }

        // And nothing more than that is kept away.
        float[] row = new float[4];
        Create(new GenerationOptions { NoRepeatNGramSize = 2, BadWordIds = [[1, 2], [3, 1, 0]] }, 4, [2, 1, 3, 1]).Next(row);
        Assert.Equal([float.NegativeInfinity, 0, float.NegativeInfinity, float.NegativeInfinity], row);
    }

    [Fact]
    public void Next_MinimumNewTokens_KeepsStopTokensAwayUntilThen()
    {
        SequenceSampler sampler = Create(new GenerationOptions { MinimumNewTokens = 2 }, 3, stops: [2, 99]);
        Assert.Equal(0, sampler.Next([1, 0, 9]));
        Assert.Equal(1, sampler.Next([0, 1, 9]));
        Assert.Equal(2, sampler.Next([0, 1, 9]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.3)]
    public void LogProbabilities_AreTheModelsOwn(double temperature)
    {
        var options = new GenerationOptions { Temperature = temperature, TopK = 3, LogProbabilities = 4, RepetitionPenalty = 3, LogitBias = new Dictionary<int, double> { [2] = -50 } };
        SequenceSampler sampler = Create(options, 10, [4]);
        int token = sampler.Next((float[])Logits.Clone());
        double sum = Math.Log(Logits.Sum(x => Math.Exp(x)));
        Assert.NotEqual(2, token);
        Assert.Equal(Logits[token] - sum, sampler.LogProbability, 1e-5);
        Assert.Equal([2, 4, 7, 0], sampler.Alternatives.ToArray().Select(x => x.TokenId));
        Assert.All(sampler.Alternatives.ToArray(), x => Assert.Equal(Logits[x.TokenId] - sum, x.LogProbability, 1e-5));

        SequenceSampler none = Create(new GenerationOptions { LogProbabilities = 0 });
        Assert.Equal(Logits.Max() - sum, Chosen(none), 1e-5);
        Assert.Equal(0, none.Alternatives.Length);
        Assert.Equal(9, Chosen(Create(new GenerationOptions { LogProbabilities = 50 }), sampler => sampler.Alternatives.Length));

        static double Chosen(SequenceSampler sampler, Func<SequenceSampler, double>? value = null)
        {
            sampler.Next((float[])Logits.Clone());
            return value?.Invoke(sampler) ?? sampler.LogProbability;
        }
    }

    [Fact]
    public void Verify_GuessesOfADraftModel_AreDistributedAsWithoutThem()
    {
        var options = new GenerationOptions { Temperature = 0.8, TopK = 6 };
        double[] expected = Oracle(Logits, options);
        double[] draft = Oracle([.. Logits.Select((x, i) => (float)Math.Sin(i))], new GenerationOptions { Temperature = 1 });
        float[] q = [.. draft.Select(x => (float)x)];
        int[] counts = new int[10];
        int kept = 0;
        SequenceSampler sampler = Create(new GenerationOptions { Temperature = 0.8, TopK = 6, Seed = 2 });
        var random = new SplitMix64(99);
        for (int i = 0; i < Draws; i++)
        {
            double rest = random.NextDouble();
            int guess = 0;
            while (guess < 9 && (rest -= draft[guess]) >= 0) guess++;
            int token = sampler.Verify((float[])Logits.Clone(), guess, q);
            counts[token]++;
            if (token == guess) kept++;
        }

        for (int i = 0; i < 10; i++) Assert.Equal(expected[i], counts[i] / (double)Draws, 0.015);
        // As often as can be: Σ min(p, q).
        Assert.Equal(expected.Zip(draft, Math.Min).Sum(), kept / (double)Draws, 0.015);
        Assert.Equal(2, Create(new GenerationOptions()).Verify((float[])Logits.Clone(), 5, q));
    }

    [Fact]
    public void Next_ManyTokens_AllocatesNothing()
    {
        var options = new GenerationOptions { Temperature = 0.9, TopP = 0.9, TopK = 40, MinP = 0.01, FrequencyPenalty = 0.1, RepetitionPenalty = 1.1, LogProbabilities = 5, NoRepeatNGramSize = 3, BadWordIds = [[1, 2]], MinimumNewTokens = 3, MaximumNewTokens = 4000 };
        SequenceSampler sampler = Create(options, 2000, [1, 2, 3], [5]), greedy = Create(new GenerationOptions(), 2000);
        float[] row = new float[2000];
        var random = new SplitMix64(3);
        long before = 0;
        for (int i = 0; i < 300; i++)
        {
            if (i == 100) before = GC.GetAllocatedBytesForCurrentThread();
            for (int j = 0; j < row.Length; j++) row[j] = (float)random.NextDouble() * 5;
            greedy.Next(row);
            sampler.Next(row);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Each filter on the whole distribution, sorted.</summary>
    private static double[] Oracle(float[] logits, GenerationOptions options)
    {
        double most = logits.Max();
        double[] p = Normalised([.. logits.Select(x => Math.Exp((x - most) / options.Temperature))]);
        if (options.TopNSigma is { } n)
        {
            double[] finite = [.. logits.Where(x => !float.IsInfinity(x)).Select(x => (double)x)];
            double mean = finite.Average(), deviation = Math.Sqrt(finite.Average(x => (x - mean) * (x - mean)));
            p = Normalised([.. p.Select((x, i) => logits[i] >= most - (n * deviation) ? x : 0)]);
        }

        int[] order = [.. Enumerable.Range(0, p.Length).OrderByDescending(i => logits[i])];
        if (options.TopK is { } k) foreach (int i in order.Where(i => p[i] > 0).Skip(k).ToArray()) p[i] = 0;
        p = Normalised(p);
        if (options.TopP is { } topP) Cut(order, topP);
        if (options.MinP is { } minP) p = Normalised([.. p.Select(x => x >= minP * p.Max() ? x : 0)]);
        if (options.TypicalP is { } typical)
        {
            double entropy = -p.Where(x => x > 0).Sum(x => x * Math.Log(x));
            Cut([.. Enumerable.Range(0, p.Length).Where(i => p[i] > 0).OrderBy(i => (float)Math.Abs(-Math.Log(p[i]) - entropy))], typical);
        }

        return p;

        void Cut(int[] sorted, double target)
        {
            double mass = 0;
            double[] kept = new double[p.Length];
            foreach (int i in sorted)
            {
                if (mass >= target) break;
                mass += kept[i] = p[i];
            }

            p = Normalised(kept);
        }
    }
}
