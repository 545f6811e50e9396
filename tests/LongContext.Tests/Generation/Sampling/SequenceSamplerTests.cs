using LongContext.Generation;
using LongContext.Generation.Sampling;

namespace LongContext.Tests.Generation.Sampling;

public sealed partial class SequenceSamplerTests
{
    private const int Draws = 20_000;

    /// <summary>No two alike, so that "the k likeliest" is no question.</summary>
    private static readonly float[] Logits = [1.5f, -0.3f, 3.1f, 0.2f, 2.7f, -2f, 1.1f, 2.2f, float.NegativeInfinity, 0.7f];

    public static TheoryData<double, int?, double?, double?> Filters() => new()
    {
        { 1, null, null, null },
        { 0.5, null, null, null },
        { 3, null, null, null },
        { 1, 1, null, null },
        { 1, 4, null, null },
        { 1, 100, null, null },
        { 1, null, 0.5, null },
        { 1, null, 0.9, null },
        { 1, null, 1e-9, null },
        { 1, null, 1, null },
        { 1, null, null, 0.1 },
        { 1, null, null, 0 },
        { 1, null, null, 1 },
        { 2, 6, 0.8, 0.3 },
        { 0.7, 5, 0.95, 0.05 },
    };

    [Theory, MemberData(nameof(Filters))]
    public void Next_ManyDraws_FollowTheExactDistribution(double temperature, int? topK, double? topP, double? minP)
    {
        double[] expected = Exact(Logits, temperature, topK, topP, minP);
        SequenceSampler sampler = Create(new GenerationOptions { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP, Seed = 11 });
        int[] counts = new int[Logits.Length];
        for (int i = 0; i < Draws; i++) counts[sampler.Next((float[])Logits.Clone())]++;

        double chiSquare = 0;
        int kept = expected.Count(p => p > 0);
        for (int i = 0; i < counts.Length; i++)
        {
            if (expected[i] == 0) Assert.Equal(0, counts[i]);
            else chiSquare += Math.Pow(counts[i] - Draws * expected[i], 2) / (Draws * expected[i]);
        }

        // Wilson and Hilferty: four standard deviations out, one seed in 30,000.
        double freedom = kept - 1, limit = kept == 1 ? 0 : freedom * Math.Pow(1 - 2 / (9 * freedom) + 4 * Math.Sqrt(2 / (9 * freedom)), 3);
        Assert.True(chiSquare <= limit, $"chi-square {chiSquare:F1} with {freedom} degrees of freedom, limit {limit:F1}");
    }

    [Fact]
    public void Next_TopKComesBeforeTopP()
    {
        // 0.4, 0.3, 0.2, 0.1: of the two likeliest the first alone has 0.57 ≥ 0.55; of all four it has less.
        float[] logits = [.. new[] { 0.4, 0.3, 0.2, 0.1 }.Select(p => (float)Math.Log(p))];
        Assert.Equal([0], Drawn(logits, new GenerationOptions { Temperature = 1, TopK = 2, TopP = 0.55 }));
        Assert.Equal([0, 1], Drawn(logits, new GenerationOptions { Temperature = 1, TopP = 0.55 }));
    }

    [Fact]
    public void Next_TemperatureComesBeforeTopPAndMinP()
    {
        float[] logits = [.. new[] { 0.64, 0.16, 0.16, 0.04 }.Select(p => (float)Math.Log(p))];
        Assert.Equal([0], Drawn(logits, new GenerationOptions { Temperature = 1, TopP = 0.6 }));
        // At temperature 2 the probabilities go as their roots: 4/9, 2/9, 2/9, 1/9.
        Assert.Equal(2, Drawn(logits, new GenerationOptions { Temperature = 2, TopP = 0.6 }).Count());
        Assert.Equal([0], Drawn(logits, new GenerationOptions { Temperature = 1, MinP = 0.4 }));
        Assert.Equal([0, 1, 2], Drawn(logits, new GenerationOptions { Temperature = 2, MinP = 0.4 }));
    }

    [Fact]
    public void Next_TemperatureZero_TakesTheFirstOfTheLikeliest()
    {
        Assert.Equal(2, Create(new GenerationOptions()).Next((float[])Logits.Clone()));
        Assert.Equal(1, Create(new GenerationOptions(), 5).Next([0, 5, 5, -1, 5]));
        for (int size = 1; size < 70; size++)
        {
            for (int first = 0; first < size; first++)
            {
                float[] row = new float[size];
                row[first] = row[^1] = 1;
                Assert.Equal(first, Create(new GenerationOptions(), size).Next(row));
            }
        }
    }

    [Theory]
    [InlineData(1e-3)]
    [InlineData(1e-300)]
    [InlineData(double.Epsilon)]
    public void Next_VeryLowTemperature_TakesTheLikeliest(double temperature) =>
        Assert.Equal([2], Drawn(Logits, new GenerationOptions { Temperature = temperature }));

    [Fact]
    public void Next_RepetitionPenalty_DividesPositiveAndMultipliesNegativeScores()
    {
        float[] logits = [2f, -2f, 3f, -3f, 0f];
        Create(new GenerationOptions { RepetitionPenalty = 1.25 }, 5, [0, 1, 4, 1]).Next(logits);
        Assert.Equal([1.6f, -2.5f, 3f, -3f, 0f], logits);
    }

    [Theory]
    [InlineData(1e-300)]
    [InlineData(1e300)]
    public void Next_RepetitionPenalty_OutOfAllMeasure_LeavesScoresFinite(double penalty)
    {
        float[] logits = [2, -2, 1, float.NegativeInfinity];
        int token = Create(new GenerationOptions { RepetitionPenalty = penalty, Temperature = 1 }, 4, [0, 1, 3]).Next(logits);
        Assert.Equal(penalty < 1 ? 0 : 2, token);
        Assert.All(logits[..3], score => Assert.True(float.IsFinite(score)));
        Assert.Equal(float.NegativeInfinity, logits[3]);
    }

    [Fact]
    public void Next_RepetitionPenalty_DecidesAlsoGreedily()
    {
        var options = new GenerationOptions { RepetitionPenalty = 1.1 };
        Assert.Equal(1, Create(options, 3, [0]).Next([2f, 1.9f, 0f]));
        Assert.Equal(0, Create(options, 3, [0, 1]).Next([2f, 1.9f, 0f]));
        Assert.Equal(1, Create(options, 2, [0]).Next([-1f, -1.05f]));
    }

    [Fact]
    public void Next_SameSeed_DrawsTheSame()
    {
        int[] one = Sequence(3), same = Sequence(3), other = Sequence(4);
        Assert.Equal(one, same);
        Assert.NotEqual(one, other);

        static int[] Sequence(int seed)
        {
            SequenceSampler sampler = Create(new GenerationOptions { Temperature = 1, Seed = seed });
            return [.. Enumerable.Range(0, 50).Select(_ => sampler.Next((float[])Logits.Clone()))];
        }
    }

    private static SequenceSampler Create(GenerationOptions options, int vocabulary = 10, int[]? prompt = null, int[]? stops = null) =>
        new(options, vocabulary, prompt ?? [], stops ?? [], new TokenDistribution());

    private static IEnumerable<int> Drawn(float[] logits, GenerationOptions options)
    {
        SequenceSampler sampler = Create(options, logits.Length);
        return Enumerable.Range(0, 500).Select(_ => sampler.Next((float[])logits.Clone())).Distinct().Order();
    }

    /// <summary>Each filter as transformers defines it, on the whole distribution.</summary>
    private static double[] Exact(float[] logits, double temperature, int? topK, double? topP, double? minP)
    {
        double[] p = Normalised([.. logits.Select(x => Math.Exp(x / temperature))]);
        if (topK is { } k)
        {
            double least = p.OrderDescending().ElementAt(Math.Min(k, p.Length) - 1);
            p = Normalised([.. p.Select(x => x >= least ? x : 0)]);
        }

        if (topP is { } mass)
        {
            // A token goes if those up to it, from the least likely on, have at most 1 − p between them; the likeliest stays.
            double most = p.Max();
            p = Normalised([.. p.Select(x => x == most || p.Where(y => y <= x).Sum() > 1 - mass ? x : 0)]);
        }

        if (minP is { } ratio)
        {
            double most = p.Max();
            p = Normalised([.. p.Select(x => x >= ratio * most ? x : 0)]);
        }

        return p;
    }

    private static double[] Normalised(double[] weights) => [.. weights.Select(weight => weight / weights.Sum())];
}
