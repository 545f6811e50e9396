using LongContext.Packing;

namespace LongContext.Benchmarks.Harness;

/// <summary>Made-up documents whose lengths are spread as those of text collections are.</summary>
internal static class Documents
{
    /// <summary>Log-normal lengths (many short, few long), between 1 and <paramref name="longest"/>.</summary>
    public static int[] Lengths(int count, int median, int longest, int seed = 1)
    {
        var random = new Random(seed);
        var lengths = new int[count];
        for (int i = 0; i < count; i++)
        {
            // Box and Muller's normal deviate.
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            lengths[i] = Math.Clamp((int)(median * Math.Exp(normal)), 1, longest);
        }

        return lengths;
    }

    /// <summary>A document of random tokens for each length.</summary>
    public static TokenSequence[] Random(IReadOnlyList<int> lengths, int vocabularySize, int seed = 1)
    {
        var random = new Random(seed);
        return [.. lengths.Select(length => new TokenSequence(Tokens(length, vocabularySize, random)))];
    }

    /// <summary>Random tokens.</summary>
    public static int[] Tokens(int length, int vocabularySize, Random random)
    {
        var tokens = new int[length];
        for (int t = 0; t < length; t++) tokens[t] = random.Next(vocabularySize);
        return tokens;
    }
}
