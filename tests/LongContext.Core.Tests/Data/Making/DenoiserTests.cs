namespace LongContext.Data.Making;

public sealed class DenoiserTests
{
    [Fact]
    public void Draw_Ul2_IsUniformAndUl2RHalfSequential()
    {
        Assert.Equal(7, Denoiser.Ul2.Count);
        Dictionary<Denoiser, int> counts = Denoiser.Ul2.ToDictionary(denoiser => denoiser, _ => 0);
        int sequential = 0, regular = 0;
        for (int i = 0; i < 14_000; i++)
        {
            SplitMix64 random = new(2, i);
            counts[Denoiser.Draw(Denoiser.Ul2, ref random)]++;
            Denoiser continued = Denoiser.Draw(Denoiser.Ul2R, ref random);
            if (continued.Mode == DenoisingMode.Sequential) sequential++;
            if (continued.Mode == DenoisingMode.Regular) regular++;
        }

        // Five standard deviations: √(14,000 · 1/7 · 6/7) = 41, √(14,000 / 4) = 59, √(14,000 · 1/4 · 3/4) = 51.
        Assert.All(counts.Values, count => Assert.InRange(count, 2000 - 207, 2000 + 207));
        Assert.InRange(sequential, 7000 - 296, 7000 + 296);
        Assert.InRange(regular, 3500 - 257, 3500 + 257);
    }

    [Fact]
    public void Options_BadValues_AreAllNamed()
    {
        string message = Assert.Throws<ArgumentException>(() => new TextDenoiser(new TextDenoiserOptions
        {
            Denoisers = [new(DenoisingMode.Regular, 0.5, 0.15), new(DenoisingMode.Regular, 3, null), new(DenoisingMode.Extreme, 3, 1), new((DenoisingMode)9, 3, 0.5), new(DenoisingMode.Regular, 3, 0.5, 0), null!],
            Unit = (DenoisingUnit)7,
            Form = new DenoisingForm { Gap = "{n}", Label = "gap", FirstNumber = -1, MaximumGaps = 0, Prompts = new Dictionary<DenoisingMode, IReadOnlyList<string>> { [DenoisingMode.Regular] = ["no place"] } },
        })).Message;
        foreach (string part in (string[])
        [
            "Denoisers[0] has MeanSpanLength 0.5", "Denoisers[1] has no NoiseRate", "Denoisers[2] has NoiseRate 1", "Denoisers[3] has Mode 9", "Denoisers[4] has Weight 0", "Denoisers[5] is null",
            "Unit is 7", "Gap is \"{n}\"", "Label is \"gap\"", "FirstNumber is -1", "MaximumGaps is 0", "Prompts[Regular] is \"no place\"", "Prompts has none for Extreme",
        ])
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }
}
