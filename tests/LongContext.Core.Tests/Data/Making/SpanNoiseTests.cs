namespace LongContext.Data.Making;

public sealed class SpanNoiseTests
{
    [Theory]
    // T5 at its own length: 512 · 0.15 = 76.8, 77 tokens; 77 / 3 = 25.67, 26 spans.
    [InlineData(512, 3, 0.15, 77, 26)]
    // 10 · 0.15 = 1.5 is rounded to the even 2; 2 / 3 = 0.67, 1 span. 30 · 0.15 = 4.5 to 4; 4 / 3 = 1.33, 1.
    [InlineData(10, 3, 0.15, 2, 1)]
    [InlineData(30, 3, 0.15, 4, 1)]
    // 100 · 0.5 = 50; 50 / 8 = 6.25, 6.
    [InlineData(100, 8, 0.5, 50, 6)]
    // 1000 · 0.15 = 150; 150 / 64 = 2.34, 2.
    [InlineData(1000, 64, 0.15, 150, 2)]
    // 3 · 0.15 = 0.45 would be none: 1. 2 · 0.9 = 1.8 would be all: 1.
    [InlineData(3, 3, 0.15, 1, 1)]
    [InlineData(2, 3, 0.9, 1, 1)]
    // 10 · 0.8 = 8 in 8 spans of 1, but only 2 are left to stand between them.
    [InlineData(10, 1, 0.8, 8, 2)]
    public void Counts_AreThoseOfT5(int length, double mean, double rate, int noise, int spans) =>
        Assert.Equal((noise, spans), SpanNoise.Counts(length, mean, rate));

    [Fact]
    public void Spans_OfEveryLength_AlternateBeginKeptAndEndInNoise()
    {
        for (int length = 2; length < 200; length++)
        {
            foreach (Denoiser denoiser in Denoiser.Ul2.Where(denoiser => denoiser.Mode != DenoisingMode.Sequential))
            {
                SplitMix64 random = new(3, length);
                (int noise, int spans) = SpanNoise.Counts(length, denoiser.MeanSpanLength, denoiser.NoiseRate!.Value);
                Range[] ranges = SpanNoise.Spans(length, denoiser.MeanSpanLength, denoiser.NoiseRate.Value, int.MaxValue, ref random);
                Assert.Equal(spans, ranges.Length);
                Assert.Equal(noise, ranges.Sum(range => range.End.Value - range.Start.Value));
                int place = 0;
                foreach (Range range in ranges)
                {
                    Assert.True(range.Start.Value > place && range.End.Value > range.Start.Value);
                    place = range.End.Value;
                }

                Assert.Equal(length, place);
            }
        }
    }

    [Fact]
    public void Spans_AllMasks_AreEquallyLikely()
    {
        // 12 tokens, half noise, mean 2: 6 noise in 3 spans, C(5, 2) = 10 ways; the same for the rest: 100 masks.
        Dictionary<string, int> counts = [];
        for (int i = 0; i < 20_000; i++)
        {
            SplitMix64 random = new(5, i);
            string mask = string.Join(' ', SpanNoise.Spans(12, 2, 0.5, int.MaxValue, ref random));
            counts[mask] = counts.GetValueOrDefault(mask) + 1;
        }

        Assert.Equal(100, counts.Count);
        // χ² with 99 degrees of freedom has mean 99 and standard deviation 14.1.
        Assert.InRange(counts.Values.Sum(count => Math.Pow(count - 200, 2) / 200), 30, 170);
    }

    [Fact]
    public void Spans_MoreThanThereMayBe_KeepTheirLength()
    {
        SplitMix64 random = new(1, 1);
        Range[] spans = SpanNoise.Spans(100_000, 3, 0.15, 100, ref random);
        Assert.Equal(100, spans.Length);
        Assert.Equal(300, spans.Sum(span => span.End.Value - span.Start.Value));
    }

    [Fact]
    public void Cut_Rates_AreRoundedAndLeaveBothSidesSomething()
    {
        SplitMix64 random = new(1, 1);
        Assert.Equal(6, SpanNoise.Cut(8, 0.25, ref random)); // the last 2 of 8
        Assert.Equal(1, SpanNoise.Cut(2, 0.25, ref random)); // 0.5 would be rounded to none
        Assert.Equal(1, SpanNoise.Cut(2, 0.9, ref random));
        int[] drawn = [.. Enumerable.Range(0, 300).Select(_ => SpanNoise.Cut(4, null, ref random)).Distinct().Order()];
        Assert.Equal([1, 2, 3], drawn);
    }
}
