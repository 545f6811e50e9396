namespace LongContext.Cpu.Tests.Pointwise;

/// <summary>Random rows, and comparisons.</summary>
internal static class Floats
{
    public static float[] Random(int seed, long count, float size = 1)
    {
        var random = new Random(seed);
        var numbers = new float[count];
        for (long i = 0; i < count; i++) numbers[i] = size * (float)((random.NextDouble() * 2) - 1);
        return numbers;
    }

    public static void AssertNear(double expected, float actual, double error, string what) =>
        Assert.True(Math.Abs(expected - actual) <= error * Math.Max(1e-3, Math.Abs(expected)), $"{what}: {actual:R}, expected {expected:R}.");

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]), $"{what} number {i}: {actual[i]:R}, expected {expected[i]:R}.");
    }
}
