using LongContext.Cpu.Attention;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Tests.Attention;

public sealed class PagedAttentionTests
{
    private const float Float32Error = 2e-6f;

    // Length, key heads, group, head size, page tokens, window, soft cap.
    public static TheoryData<int, int, int, int, int, int, float> Shapes => new()
    {
        { 1, 1, 1, 64, 64, 0, 0 },
        { 7, 2, 2, 64, 16, 0, 0 },
        { 63, 1, 8, 64, 64, 0, 5 },
        { 64, 2, 1, 80, 64, 0, 0 },
        { 65, 1, 3, 96, 64, 10, 0 },
        { 127, 2, 4, 128, 32, 0, 0 },
        { 128, 1, 5, 256, 128, 64, 0 },
        { 129, 1, 6, 20, 48, 1, 0 },
        { 300, 2, 7, 72, 64, 100, 2 },
        { 1000, 2, 2, 64, 64, 0, 0 },
        { 1025, 1, 4, 40, 16, 257, 0 },
        { 1300, 1, 1, 1, 80, 0, 0 },
        { 4097, 1, 2, 64, 64, 0, 0 },
        { 4097, 1, 8, 32, 256, 1500, 30 },
        { 700, 1, 8, 128, 256, 300, 30 },
        { 2100, 3, 1, 33, 512, 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Forward_Float32_IsTheDefinition(int length, int keyHeads, int group, int headSize, int pageTokens, int window, float softCap)
    {
        var layout = new CacheLayout(keyHeads, headSize, pageTokens, CacheFormat.Float32);
        using var team = new CpuTeam(2);
        using var attention = new PagedAttention();
        using var sequence = new CachedSequence(layout, keyHeads * group, length, seed: length);
        AttentionSettings settings = Settings(sequence, window, softCap);

        float[] whole = sequence.Run(team, attention, settings, length);

        for (int position = 0; position < length; position += position < 70 || length - position < 5 ? 1 : 61)
            AssertNear(AttentionOracle.Row(sequence, settings, position), whole, position, Float32Error);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Forward_CutAnyhow_GivesTheSameBits(int length, int keyHeads, int group, int headSize, int pageTokens, int window, float softCap)
    {
        foreach (CacheFormat format in Enum.GetValues<CacheFormat>())
        {
            var layout = new CacheLayout(keyHeads, headSize, pageTokens, format);
            using var attention = new PagedAttention();
            using var first = new CachedSequence(layout, keyHeads * group, length, seed: length);
            AttentionSettings settings = Settings(first, window, softCap);
            using var one = new CpuTeam(1);
            float[] whole = first.Run(one, attention, settings, length);

            foreach ((int workers, int[] chunks) in new (int, int[])[] { (2, [1, 300, 2, 3, 17, 5, 16, 64]), (3, [100]), (1, length <= 300 ? [1] : [7, 500, 1]) })
            {
                using var team = new CpuTeam(workers);
                using var sequence = new CachedSequence(layout, keyHeads * group, length, seed: length);
                Assert.True(Bits(whole).AsSpan().SequenceEqual(Bits(sequence.Run(team, attention, settings, chunks))), $"{format}, {workers} workers, chunks of {string.Join(", ", chunks)}");
            }
        }
    }

    private static AttentionSettings Settings(CachedSequence sequence, int window, float softCap) =>
        new() { Heads = sequence.Heads, Scale = 1 / MathF.Sqrt(sequence.Layout.HeadSize), Window = window, SoftCap = softCap };

    private static int[] Bits(float[] numbers) => Array.ConvertAll(numbers, BitConverter.SingleToInt32Bits);

    private static void AssertNear(double[] expected, float[] actual, int row, double error)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            float found = actual[((long)row * expected.Length) + i];
            Assert.True(Math.Abs(expected[i] - found) <= error, $"Row {row}, number {i}: {found}, expected {expected[i]}.");
        }
    }
}
