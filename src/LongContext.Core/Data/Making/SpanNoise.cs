namespace LongContext.Data.Making;

/// <summary>Where the gaps are: the random segmentation of T5.</summary>
/// <remarks>
/// T5's random_spans_noise_mask (Raffel et al. 2019, text-to-text-transfer-transformer, t5/data/preprocessors.py): round(L·r) tokens of noise,
/// 1 to L − 1; round(noise/μ) spans, at least 1; the noise and the rest are each cut into that many non-empty pieces, all ways of cutting being
/// equally likely; the pieces alternate and the rest begins. Rounding is half to even in single precision, as there. Where the rest has fewer
/// tokens than there are spans, T5 is undefined; here there are as many spans as the rest has tokens.
/// </remarks>
internal static class SpanNoise
{
    /// <summary>The gaps of a row of items.</summary>
    /// <param name="length">Items, at least 2.</param>
    /// <param name="meanSpanLength">μ.</param>
    /// <param name="noiseRate">r.</param>
    /// <param name="mostSpans">More gaps than this are not made: the noise is cut down to μ times as many, so that gaps keep their length.</param>
    /// <param name="random">Draws.</param>
    /// <returns>Gaps in their order, never touching, none at the start, the last one at the end.</returns>
    public static Range[] Spans(int length, double meanSpanLength, double noiseRate, int mostSpans, ref SplitMix64 random)
    {
        (int noise, int spans) = Counts(length, meanSpanLength, noiseRate);
        if (spans > mostSpans)
        {
            spans = mostSpans;
            noise = Math.Clamp((int)Math.Round(spans * meanSpanLength), spans, noise);
        }

        int[] gaps = Segment(noise, spans, ref random);
        int[] kept = Segment(length - noise, spans, ref random);
        Range[] ranges = new Range[spans];
        int place = 0;
        for (int i = 0; i < spans; i++)
        {
            int start = place + kept[i];
            place = start + gaps[i];
            ranges[i] = start..place;
        }

        return ranges;
    }

    /// <summary>How many items are noise, and in how many spans.</summary>
    public static (int Noise, int Spans) Counts(int length, double meanSpanLength, double noiseRate)
    {
        int noise = Math.Clamp((int)MathF.Round(length * (float)noiseRate), 1, length - 1);
        int spans = Math.Max(1, (int)MathF.Round(noise / (float)meanSpanLength));
        return (noise, Math.Min(spans, Math.Min(noise, length - noise)));
    }

    /// <summary>Where the sequential mode cuts: before this item, at least 1 and at most length − 1.</summary>
    public static int Cut(int length, double? noiseRate, ref SplitMix64 random) =>
        noiseRate is { } rate ? length - Math.Clamp((int)MathF.Round(length * (float)rate), 1, length - 1) : 1 + random.NextInt(length - 1);

    /// <summary>
    /// Cuts items into non-empty pieces. The borders are the sorted places of a subset of the items − 1 places between two items, drawn by
    /// selection sampling (Knuth, TAOCP 3.4.2, algorithm S): every subset is equally likely and no shuffled copy of all places is needed.
    /// </summary>
    private static int[] Segment(int items, int pieces, ref SplitMix64 random)
    {
        int[] lengths = new int[pieces];
        int piece = 0, start = 0;
        for (int place = 1; piece < pieces - 1; place++)
        {
            if (random.NextInt(items - place) >= pieces - 1 - piece) continue;
            lengths[piece++] = place - start;
            start = place;
        }

        lengths[^1] = items - start;
        return lengths;
    }
}
