namespace LongContext.Evaluation.Metrics;

public sealed class PerplexityAccumulatorTests
{
    [Fact]
    public void Perplexity_UniformOver256_Is256AndEightBits()
    {
        PerplexityAccumulator accumulator = new();
        accumulator.Add(10 * Math.Log(256), tokenCount: 10, byteCount: 10);
        Assert.Equal(256, accumulator.Perplexity, 1e-9);
        Assert.Equal(256, accumulator.PerplexityPerByte, 1e-9);
        Assert.Equal(8, accumulator.BitsPerByte, 1e-12);
    }

    [Fact]
    public void Add_PiecesInAnyOrder_GiveTheSameAsTheWhole()
    {
        Random random = new(4);
        double[] losses = [.. Enumerable.Range(0, 10_000).Select(_ => random.NextDouble() * Math.Pow(10, random.Next(-6, 7)))];
        PerplexityAccumulator whole = new();
        whole.Add(losses, 77);
        random.Shuffle(losses);
        PerplexityAccumulator pieces = new();
        foreach (double[] chunk in losses.Chunk(123))
        {
            PerplexityAccumulator piece = new();
            piece.Add(chunk, 0);
            pieces.Add(piece);
        }

        pieces.Add(0, 0, 77);
        Assert.Equal(whole.TotalNats, pieces.TotalNats, whole.TotalNats * 1e-15);
        Assert.Equal((whole.TokenCount, whole.ByteCount), (pieces.TokenCount, pieces.ByteCount));
    }

    [Fact]
    public void Measures_NothingAdded_AreNotANumber()
    {
        PerplexityAccumulator accumulator = new();
        Assert.All((double[])[accumulator.Perplexity, accumulator.PerplexityPerByte, accumulator.BitsPerByte], value => Assert.True(double.IsNaN(value)));
    }

    [Fact]
    public void Add_ImpossibleToken_IsInfinite()
    {
        PerplexityAccumulator accumulator = new();
        accumulator.Add([1, double.PositiveInfinity, 2], 3);
        Assert.Equal(double.PositiveInfinity, accumulator.Perplexity);
    }

    [Fact]
    public void Add_NotANumber_ThrowsAndAddsNothing()
    {
        PerplexityAccumulator accumulator = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => accumulator.Add([1, double.NaN], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => accumulator.Add(1, -1));
        Assert.Equal((0L, 0L, 0.0), (accumulator.TokenCount, accumulator.ByteCount, accumulator.TotalNats));
    }
}
