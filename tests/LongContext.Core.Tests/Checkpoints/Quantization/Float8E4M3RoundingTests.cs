using LongContext.Checkpoints;

namespace LongContext.Core.Tests.Checkpoints.Quantization;

public sealed class Float8E4M3RoundingTests
{
    private static readonly byte[] Finite = [.. Enumerable.Range(0, 256).Select(bits => (byte)bits).Where(bits => (bits & 0x7F) != 0x7F)];

    [Fact]
    public void FromSingle_ValuesOfTheType_KeepTheirByte()
    {
        foreach (byte bits in Finite) Assert.Equal(bits, Float8E4M3.FromSingle(Float8E4M3.ToSingle(bits)));
    }

    [Fact]
    public void FromSingle_HalfwayBetweenNeighbours_IsTheEvenOne()
    {
        for (int bits = 0; bits < 0x7E; bits++)
        {
            float middle = (Float8E4M3.ToSingle((byte)bits) + Float8E4M3.ToSingle((byte)(bits + 1))) / 2;
            int even = bits % 2 == 0 ? bits : bits + 1;
            Assert.Equal(even, Float8E4M3.FromSingle(middle));
            Assert.Equal(even | 0x80, Float8E4M3.FromSingle(-middle));
            Assert.Equal(bits, Float8E4M3.FromSingle(MathF.BitDecrement(middle)));
            Assert.Equal(bits + 1, Float8E4M3.FromSingle(MathF.BitIncrement(middle)));
        }
    }

    [Fact]
    public void FromSingle_AnyValue_IsTheNearest()
    {
        var random = new Random(3);
        for (int i = 0; i < 20_000; i++)
        {
            float value = (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-14, 11)));
            float nearest = Finite.Select(Float8E4M3.ToSingle).MinBy(candidate => Math.Abs((double)candidate - value));
            Assert.Equal(Math.Abs((double)nearest - value), Math.Abs((double)Float8E4M3.ToSingle(Float8E4M3.FromSingle(value)) - value));
        }
    }

    [Fact]
    public void FromSingle_BeyondTheRange_IsItsEnd()
    {
        foreach (float value in new[] { 449, 1e30f, float.PositiveInfinity })
        {
            Assert.Equal(0x7E, Float8E4M3.FromSingle(value));
            Assert.Equal(0xFE, Float8E4M3.FromSingle(-value));
        }

        Assert.Equal(0x7F, Float8E4M3.FromSingle(float.NaN));
    }
}
