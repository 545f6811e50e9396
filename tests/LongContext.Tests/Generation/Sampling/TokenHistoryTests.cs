using System.Diagnostics;
using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Sampling;

namespace LongContext.Tests.Generation.Sampling;

public sealed class TokenHistoryTests
{
    [Fact]
    public void Apply_NoRepeatedNGrams_BansWhatFollowedTheEndBefore()
    {
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new SplitMix64(3, seed);
            int vocabulary = 2 + random.NextInt(4), size = 1 + random.NextInt(8);
            var text = new List<int>();
            for (int i = random.NextInt(30); i > 0; i--) text.Add(random.NextInt(vocabulary));
            var history = new TokenHistory(new GenerationOptions { NoRepeatNGramSize = size }, vocabulary, text.ToArray());
            for (int step = 0; step < 30; step++)
            {
                var scores = new float[vocabulary];
                history.Apply(scores);
                for (int token = 0; token < vocabulary; token++) Assert.Equal(Repeats([.. text, token], size), float.IsNegativeInfinity(scores[token]));
                text.Add(random.NextInt(vocabulary));
                history.Add(text[^1]);
            }
        }

        static bool Repeats(int[] all, int size) =>
            all.Length > size && Enumerable.Range(0, all.Length - size).Any(start => all.AsSpan(start, size).SequenceEqual(all.AsSpan(all.Length - size)));
    }

    /// <summary>Compared place by place these are 2.5 billion tokens each time.</summary>
    [Fact]
    public void Apply_LongRunsOfOneToken_WalksOverThemOnceAndAllocatesNothing()
    {
        var history = new TokenHistory(new GenerationOptions { NoRepeatNGramSize = 50_000, MaximumNewTokens = 100 }, 4, new int[100_000]);
        var scores = new float[4];
        history.Apply(scores);
        Assert.Equal([float.NegativeInfinity, 0, 0, 0], scores);
        long allocated = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 30; i++)
        {
            history.Add(0);
            history.Apply(scores);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10);
    }
}
