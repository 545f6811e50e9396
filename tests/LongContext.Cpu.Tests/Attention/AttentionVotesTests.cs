using LongContext.Cpu.Attention;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Tests.Attention;

public sealed unsafe class AttentionVotesTests
{
    // Length, observed tokens, key heads, group, head size, page tokens, soft cap. A head's keys are cut into parts of 4,096.
    public static TheoryData<int, int, int, int, int, int, float> Shapes => new()
    {
        { 1, 1, 1, 1, 64, 64, 0 },
        { 17, 16, 2, 2, 64, 16, 0 },
        { 255, 1, 1, 8, 80, 64, 0 },
        { 257, 32, 2, 3, 33, 64, 5 },
        { 4096, 8, 1, 2, 64, 64, 0 },
        { 4097, 32, 1, 4, 32, 128, 0 },
        { 4100, 16, 2, 1, 32, 64, 20 },
        { 9000, 5, 1, 3, 16, 256, 0 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Sum_Float32_IsTheDefinition(int length, int observed, int keyHeads, int group, int headSize, int pageTokens, float softCap)
    {
        using var team = new CpuTeam(2);
        using var sequence = new CachedSequence(new CacheLayout(keyHeads, headSize, pageTokens, CacheFormat.Float32), keyHeads * group, length, seed: length);

        float[] votes = Votes(team, sequence, observed, softCap);

        double[] expected = Definition(sequence, observed, softCap);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - votes[i]) <= 2e-6 + (2e-6 * expected[i]), $"Key {i % length} of head {i / length}: {votes[i]}, expected {expected[i]}.");
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Sum_ByMoreThreads_GivesTheSameBits(int length, int observed, int keyHeads, int group, int headSize, int pageTokens, float softCap)
    {
        foreach (CacheFormat format in Enum.GetValues<CacheFormat>())
        {
            using CpuTeam one = new(1), three = new(3);
            using var sequence = new CachedSequence(new CacheLayout(keyHeads, headSize, pageTokens, format), keyHeads * group, length, seed: length);

            Assert.Equal(Array.ConvertAll(Votes(one, sequence, observed, softCap), BitConverter.SingleToInt32Bits), Array.ConvertAll(Votes(three, sequence, observed, softCap), BitConverter.SingleToInt32Bits));
        }
    }

    /// <summary>[key heads, length]. Working memory holds NaN before.</summary>
    private static float[] Votes(CpuTeam team, CachedSequence sequence, int observed, float softCap)
    {
        sequence.Append(team, 0, sequence.Length);
        var memory = new float[AttentionVotes.MemoryFloats(sequence.Layout, sequence.Heads, sequence.Length, observed)];
        Array.Fill(memory, float.NaN);
        fixed (float* queries = sequence.Queries, target = memory)
            AttentionVotes.Sum(team, sequence.Layout, Settings(sequence, softCap), sequence.Pages, sequence.Length, queries + ((long)(sequence.Length - observed) * sequence.QueryWidth), sequence.QueryWidth, observed, target);
        int stride = AttentionVotes.Stride(sequence.Length);
        return [.. Enumerable.Range(0, sequence.Layout.KeyHeads).SelectMany(head => memory.AsSpan(head * stride, sequence.Length).ToArray())];
    }

    private static double[] Definition(CachedSequence sequence, int observed, float softCap)
    {
        int length = sequence.Length, size = sequence.Layout.HeadSize, group = sequence.Heads / sequence.Layout.KeyHeads;
        var votes = new double[sequence.Layout.KeyHeads * length];
        for (int head = 0; head < sequence.Heads; head++)
        {
            for (int position = length - observed; position < length; position++)
            {
                var scores = new double[position + 1];
                for (int key = 0; key <= position; key++)
                {
                    for (int i = 0; i < size; i++) scores[key] += (double)sequence.Queries[(position * sequence.QueryWidth) + (head * size) + i] * sequence.Keys[(key * sequence.KeyWidth) + (head / group * size) + i];
                    scores[key] /= Math.Sqrt(size);
                    if (softCap > 0) scores[key] = softCap * Math.Tanh(scores[key] / softCap);
                }

                double largest = scores.Max(), sum = scores.Sum(score => Math.Exp(score - largest));
                for (int key = 0; key <= position; key++) votes[(head / group * length) + key] += Math.Exp(scores[key] - largest) / sum;
            }
        }

        return votes;
    }

    private static AttentionSettings Settings(CachedSequence sequence, float softCap) => new() { Heads = sequence.Heads, Scale = 1 / MathF.Sqrt(sequence.Layout.HeadSize), SoftCap = softCap };
}
