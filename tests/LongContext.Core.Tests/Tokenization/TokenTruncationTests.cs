using LongContext.Data;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Tokenization;

public sealed class TokenTruncationTests
{
    [Fact]
    public void Apply_TooLong_KeepsHalfAtEitherEnd()
    {
        int[] text = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        Assert.Equal([0, 1, 8, 9], new TokenTruncation { MaximumTokens = 4 }.Apply(text));
        // The odd one stands at the end.
        Assert.Equal([0, 1, 7, 8, 9], new TokenTruncation { MaximumTokens = 5 }.Apply(text, out TokenCut cut));
        Assert.Equal((2, 5, 7), (cut.Start, cut.Count, cut.End));
        Assert.Equal([0, 1, 2, 99, 9], new TokenTruncation { MaximumTokens = 5, StartShare = 0.75, Marker = [99] }.Apply(text));
        Assert.Equal([0, 1, 2, 8, 9], new TokenTruncation { MaximumTokens = 5, ProtectedStart = 2 }.Apply(text));
        Assert.Equal([0, 1, 2, 7, 8, 9], new TokenTruncation { MaximumTokens = 6, StartShare = 1, ProtectedEnd = 3 }.Apply(text));
        Assert.Equal([9], new TokenTruncation { MaximumTokens = 1 }.Apply(text));
        Assert.Equal(29, new TokenTruncation { MaximumTokens = 100, StartShare = 0.29 }.Cut(1000).Start);
    }

    [Fact]
    public void Apply_AnySettings_KeepsWhatItPromises()
    {
        for (int seed = 0; seed < 2_000; seed++)
        {
            var random = new SplitMix64(seed, 1);
            int count = random.NextInt(60), most = 1 + random.NextInt(40), start = random.NextInt(most + 1), end = random.NextInt(most - start + 1), marker = random.NextInt(most - start - end + 1);
            var truncation = new TokenTruncation
            {
                MaximumTokens = most, ProtectedStart = start, ProtectedEnd = end, StartShare = random.NextInt(11) / 10.0, Marker = [.. Enumerable.Repeat(-1, marker)],
            };
            int[] text = [.. Enumerable.Range(0, count)], kept = truncation.Apply(text, out TokenCut cut);
            if (count <= most)
            {
                Assert.Equal(text, kept);
                Assert.Equal(0, cut.Count);
                continue;
            }

            Assert.Equal(most, kept.Length);
            Assert.Equal([.. text.Take(cut.Start), .. Enumerable.Repeat(-1, marker), .. text.Skip(cut.End)], kept);
            Assert.True(cut.Start >= start && count - cut.End >= end);
            int room = most - start - end - marker;
            Assert.InRange(cut.Start - start - (room * truncation.StartShare), -1, 1e-6);
        }
    }

    [Fact]
    public void Apply_UnusableSettings_NamesAllFaults()
    {
        string message = Assert.Throws<ArgumentException>(() => new TokenTruncation { MaximumTokens = 0, StartShare = double.NaN, ProtectedStart = -1 }.Apply([1])).Message;
        Assert.Contains("MaximumTokens must be at least 1, but is 0", message, StringComparison.Ordinal);
        Assert.Contains("StartShare must be in [0, 1], but is NaN", message, StringComparison.Ordinal);
        Assert.Contains("ProtectedStart must be 0 or more, but is -1", message, StringComparison.Ordinal);
        Assert.Contains("more together", Assert.Throws<ArgumentException>(() => new TokenTruncation { MaximumTokens = 3, ProtectedStart = 2, Marker = [1, 2] }.Cut(9)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenTruncation { MaximumTokens = 3 }.Cut(-1));
    }
}
