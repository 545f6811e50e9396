namespace LongContext.Data.Cleaning;

public sealed class MinHashTests
{
    [Fact]
    public void Jaccard_TwoSentences_IsThatByHand()
    {
        // 3-word shingles: {abc, bcd, cde} and {abc, bcd, cdx}: 2 in common, 4 in all.
        MinHasher hasher = new(new MinHashOptions { ShingleWords = 3 });
        Assert.Equal(0.5, hasher.Jaccard("a b c d e", "A, b; c d X"), 12);
        // Each once: {aaa} against {aaa, aab}: 1/2.
        Assert.Equal(0.5, hasher.Jaccard("a a a a a", "a a a b"), 12);
        // Shorter than a shingle: the text is one.
        Assert.Equal(1, hasher.Jaccard("a b", "A b."), 12);
        Assert.Equal(0, hasher.Jaccard("a b", "a b c"), 12);
        Assert.Equal(0, hasher.Jaccard("", "..."), 12);
    }

    [Fact]
    public void Sign_SameWords_GiveTheSameSignature()
    {
        MinHasher hasher = new();
        MinHashSignature first = hasher.Sign("The quick brown fox jumps over the lazy dog")!, second = hasher.Sign("the QUICK, brown fox  jumps\nover the lazy dog!")!;
        Assert.Equal(first.Values.ToArray(), second.Values.ToArray());
        Assert.Equal(128, first.Values.Length);
        Assert.Equal(1, first.EstimateJaccard(second));
        Assert.Null(hasher.Sign(" … "));
        Assert.NotEqual(first.Values.ToArray(), new MinHasher(new MinHashOptions { Seed = 1 }).Sign("The quick brown fox jumps over the lazy dog")!.Values.ToArray());
    }

    [Fact]
    public void EstimateJaccard_OtherOptions_IsRefused()
    {
        MinHashSignature first = new MinHasher().Sign("a b c d e f")!, second = new MinHasher(new MinHashOptions { Permutations = 64 }).Sign("a b c d e f")!;
        string message = Assert.Throws<ArgumentException>("other", () => first.EstimateJaccard(second)).Message;
        Assert.Contains("128 permutations of 5-word shingles", message, StringComparison.Ordinal);
        Assert.Contains("64 permutations", message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Pairs of a known similarity: c shingles in common, d of each text's own; J = c/(c + 2d). With k permutations the estimate is a mean of k draws:
    /// no bias, and a root mean square error of √(J(1 − J)/k). Over 400 pairs the bias has a standard deviation of a twentieth of that, and the root
    /// mean square error one of 1/√800 = 3.5 % of itself: bounds of 4.5 deviations each.
    /// </summary>
    [Theory]
    [InlineData(100, 400, 128)] // J = 1/9
    [InlineData(300, 150, 128)] // J = 1/2
    [InlineData(800, 100, 128)] // J = 4/5
    [InlineData(8, 1, 128)] // J = 4/5 of ten shingles in all
    [InlineData(20_000, 2500, 256)] // J = 4/5
    [InlineData(300, 150, 50)] // not a multiple of a vector
    public void EstimateJaccard_KnownSimilarity_HasTheErrorOfTheory(int common, int own, int permutations)
    {
        const int pairs = 400;
        MinHasher hasher = new(new MinHashOptions { ShingleWords = 1, Permutations = permutations });
        double expected = common / (double)(common + (2 * own)), sum = 0, squares = 0;
        for (int pair = 0; pair < pairs; pair++)
        {
            // Words are numbers, another range for each pair.
            int start = pair * (common + (2 * own));
            string Words(int first, int count) => string.Join(' ', Enumerable.Range(first, count));
            string shared = Words(start, common);
            MinHashSignature first = hasher.Sign($"{shared} {Words(start + common, own)}")!, second = hasher.Sign($"{Words(start + common + own, own)} {shared}")!;
            double error = first.EstimateJaccard(second) - expected;
            sum += error;
            squares += error * error;
        }

        double deviation = Math.Sqrt(expected * (1 - expected) / permutations);
        TestContext.Current.TestOutputHelper?.WriteLine($"J {expected:0.000}: bias {sum / pairs:0.0000}, error {Math.Sqrt(squares / pairs):0.0000}, theory {deviation:0.0000}");
        Assert.InRange(sum / pairs, -4.5 * deviation / Math.Sqrt(pairs), 4.5 * deviation / Math.Sqrt(pairs));
        Assert.InRange(Math.Sqrt(squares / pairs) / deviation, 1 - (4.5 / Math.Sqrt(2 * pairs)), 1 + (4.5 / Math.Sqrt(2 * pairs)));
    }

    [Fact]
    public void Lower_EveryWidth_IsThePlainLoop()
    {
        for (int padded = 64; padded <= 192; padded += 64)
        {
            uint[] Draw(int seed, int count) => [.. Enumerable.Range(0, count).Select(i => (uint)new SplitMix64(seed, i).Next())];
            uint[] hashes = Draw(1, 77), multipliers = Draw(2, padded), offsets = Draw(3, padded), plain = Draw(4, padded), by256 = [.. plain], by512 = [.. plain], chosen = [.. plain];
            MinHashKernel.LowerPlain(hashes, multipliers, offsets, plain);
            MinHashKernel.LowerBy256(hashes, multipliers, offsets, by256);
            MinHashKernel.LowerBy512(hashes, multipliers, offsets, by512);
            MinHashKernel.Lower(hashes, multipliers, offsets, chosen);
            Assert.Equal(plain, by256);
            Assert.Equal(plain, by512);
            Assert.Equal(plain, chosen);
        }
    }

    [Fact]
    public void Making_OptionsOutOfRange_AreAllNamed()
    {
        string message = Assert.Throws<ArgumentException>("options", () => new MinHasher(new MinHashOptions { ShingleWords = 0, Permutations = 20_000 })).Message;
        Assert.Contains("ShingleWords is 0, expected 1 to 100", message, StringComparison.Ordinal);
        Assert.Contains("Permutations is 20000, expected 1 to 16384", message, StringComparison.Ordinal);
    }
}
