using LongContext.Checkpoints;

namespace LongContext.Core.Tests.Checkpoints;

public sealed class Float8E4M3Tests
{
    [Theory]
    [InlineData(0x00, 0.0f)]
    [InlineData(0x01, 0.001953125f)] // the smallest, 2⁻⁹
    [InlineData(0x07, 0.013671875f)] // the largest subnormal, 7·2⁻⁹
    [InlineData(0x08, 0.015625f)] // the smallest normal, 2⁻⁶
    [InlineData(0x38, 1.0f)]
    [InlineData(0x39, 1.125f)]
    [InlineData(0xB8, -1.0f)]
    [InlineData(0x7E, 448.0f)]
    [InlineData(0xFE, -448.0f)]
    public void ToSingle_KnownBytes_GivesThePapersValues(byte bits, float expected) => Assert.Equal(expected, Float8E4M3.ToSingle(bits));

    [Fact]
    public void ToSingle_AllBytes_RisesAndIsSymmetric()
    {
        Assert.True(float.IsNaN(Float8E4M3.ToSingle(0x7F)) && float.IsNaN(Float8E4M3.ToSingle(0xFF)));
        Assert.True(float.IsNegative(Float8E4M3.ToSingle(0x80)));
        for (int bits = 0; bits < 0x7E; bits++)
        {
            Assert.True(Float8E4M3.ToSingle((byte)(bits + 1)) > Float8E4M3.ToSingle((byte)bits));
            Assert.Equal(-Float8E4M3.ToSingle((byte)bits), Float8E4M3.ToSingle((byte)(bits | 0x80)));
        }
    }

    [Fact]
    public void ToSingle_Spans_AsSingleBytes()
    {
        byte[] source = [0x38, 0xB8, 0x7E];
        float[] destination = new float[4];
        Float8E4M3.ToSingle(source, destination);
        Assert.Equal([1f, -1f, 448f, 0f], destination);
        Assert.Throws<ArgumentException>("destination", () => Float8E4M3.ToSingle(source, new float[2]));
    }
}
