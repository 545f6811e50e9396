using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>Plans, tiles and parameters: pure, without any kernel.</summary>
public sealed partial class DecodingPlanTests
{
    /// <summary>Of Llama 3.1 8B: 32 query heads, 8 key heads of 128.</summary>
    private static readonly DecodingShape Llama = new() { Heads = 32, KeyHeads = 8, HeadSize = 128 };

    public static TheoryData<int, int, int> Architectures => new() { { 80, 108, 164 }, { 89, 128, 100 }, { 90, 132, 228 } };

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Tile_OfEveryHeadSize_FitsTheArchitecture(int capability, int multiprocessors, int sharedKilobytes)
    {
        GpuArchitecture architecture = capability switch { 80 => GpuArchitecture.A100, 89 => GpuArchitecture.Rtx4090, _ => GpuArchitecture.H100 };
        Assert.Equal((multiprocessors, sharedKilobytes << 10), (architecture.MultiprocessorCount, architecture.SharedBytesPerMultiprocessor));
        foreach (int size in DecodingShape.HeadSizes)
        {
            int shared = DecodingTile.SharedBytes(size), blocks = DecodingTile.BlocksPerMultiprocessor(size, architecture);
            Assert.InRange(shared, 1, architecture.SharedBytesPerBlock);
            Assert.InRange(blocks * (shared + 1024), 1, architecture.SharedBytesPerMultiprocessor);
            Assert.InRange(blocks * DecodingTile.Threads, 1, architecture.ThreadsPerMultiprocessor);
            // Little's law: what has to be in flight for the full bandwidth at a microsecond of latency, per multiprocessor.
            double needed = (capability == 80 ? 2.04e12 : capability == 89 ? 1.01e12 : 3.35e12) * 1e-6 / multiprocessors;
            Assert.True(blocks * (DecodingTile.Stages - 1) * DecodingTile.Bytes(size) > needed);
        }
    }

    /// <summary>What one layer reads and how many blocks do it, on 132 multiprocessors.</summary>
    [Theory]
    [InlineData(1, 2_048, 32, 256, 8_388_608)]
    [InlineData(1, 8_192, 32, 256, 33_554_432)]
    [InlineData(1, 32_768, 32, 256, 134_217_728)]
    [InlineData(1, 131_072, 33, 264, 536_870_912)]
    [InlineData(8, 8_192, 4, 256, 268_435_456)]
    [InlineData(8, 32_768, 4, 256, 1_073_741_824)]
    public void Create_Llama8BOnAnH100_FillsItsWaves(int sequences, int length, int splits, int blocks, long bytes)
    {
        int[] lengths = [.. Enumerable.Repeat(length, sequences)];
        DecodingPlan plan = DecodingPlan.Create(Llama, lengths, GpuArchitecture.H100);
        Assert.Equal(2, plan.BlocksPerMultiprocessor);
        Assert.All(plan.Splits.ToArray(), count => Assert.Equal(splits, count));
        Assert.Equal(blocks, plan.Blocks);
        Assert.True(plan.LastWaveFill >= 0.9, $"the last wave is {plan.LastWaveFill:p0} full");
        Assert.Equal(bytes, 2L * 2 * sequences * length * Llama.KeyHeads * Llama.HeadSize);
        Assert.True(plan.WorkspaceBytes < bytes / 10, $"{plan.WorkspaceBytes} bytes of partial results");
    }

    [Fact]
    public void Create_OneLongAndManyShort_BalancesThem()
    {
        int[] lengths = [131_072, .. Enumerable.Repeat(1_024, 31)];
        DecodingPlan plan = DecodingPlan.Create(Llama, lengths, GpuArchitecture.H100);
        Assert.True(plan.Efficiency(lengths) > 0.85, $"efficiency {plan.Efficiency(lengths)}");
        DecodingPlan apart = DecodingPlan.WithSplits(Llama, lengths, [.. Enumerable.Repeat(1, 32)], GpuArchitecture.H100);
        Assert.True(apart.Efficiency(lengths) < 0.1);
    }

    [Fact]
    public void Create_AnyLengths_CoversEveryTileOnceLongestFirst()
    {
        var random = new Random(3);
        for (int trial = 0; trial < 200; trial++)
        {
            int[] lengths = [.. Enumerable.Range(0, random.Next(0, 40)).Select(_ => random.Next(0, 1 << random.Next(1, 16)))];
            var shape = new DecodingShape
            {
                Heads = 8 * random.Next(1, 17), KeyHeads = 8, HeadSize = DecodingShape.HeadSizes[random.Next(5)], MaxQueryTokens = random.Next(1, 17),
                WindowLeft = random.Next(2) == 0 ? null : random.Next(5000),
            };
            int capacity = random.Next(2) == 0 ? 0 : lengths.Length + random.Next(100);
            DecodingPlan plan = DecodingPlan.Create(shape, lengths, GpuArchitecture.A100, capacity);
            int[][] items = [.. plan.Words[..(4 * plan.Items)].ToArray().Chunk(4).Where(item => item[0] >= 0)];
            int[][] combined = [.. plan.Words[(4 * plan.Items)..].ToArray().Chunk(4).Where(item => item[0] >= 0)];
            Assert.Equal(plan.CombinedItems * 4, plan.Words.Length - (4 * plan.Items));
            if (capacity > 0) Assert.Equal((capacity, lengths.Length), (plan.Items, plan.CombinedItems));
            for (int sequence = 0; sequence < lengths.Length; sequence++)
            {
                Assert.Equal(Enumerable.Range(0, plan.Splits[sequence]), items.Where(item => item[0] == sequence).Select(item => item[1]).Order());
                Assert.All(items.Where(item => item[0] == sequence), item => Assert.Equal(plan.Splits[sequence], item[2]));
            }

            IEnumerable<int> slots = items.Where(item => item[2] > 1).Select(item => item[3]).Order();
            Assert.Equal(Enumerable.Range(0, slots.Count()), slots);
            Assert.InRange(slots.Count(), 0, plan.Slots);
            Assert.Equal(plan.Splits.ToArray().Count(count => count > 1), combined.Length);
            Assert.All(combined, item => Assert.Equal(item[2], items.Single(x => x[0] == item[0] && x[1] == 0)[3]));
            int[] tiles = [.. items.Select(item => DecodingBalance.SplitTiles(DecodingTile.Count(shape, lengths[item[0]]), item[2], item[1]))];
            Assert.Equal(tiles.OrderDescending(), tiles);
            Assert.Equal(lengths.Sum(length => (long)DecodingTile.Count(shape, length)), tiles.Sum(count => (long)count));
        }
    }

    [Fact]
    public void Efficiency_AsSequencesGrow_AgesSlowly()
    {
        int[] lengths = [8_192, 3_000, 20_000, 500];
        DecodingPlan plan = DecodingPlan.Create(Llama, lengths, GpuArchitecture.H100);
        double first = plan.Efficiency(lengths);
        Assert.True(plan.Efficiency([.. lengths.Select(length => length + 64)]) > 0.9 * first);
        Assert.Throws<ArgumentException>(() => plan.Efficiency([1]));
    }

    [Fact]
    public void Create_WithAWindow_CountsWhatIsSeen()
    {
        Assert.Equal(2, DecodingTile.Count(Llama with { WindowLeft = 64 }, 10_000)); // position 9,999 sees 9,935 on: tiles 155 and 156
        Assert.Equal(1, DecodingTile.Count(Llama with { WindowLeft = 0 }, 10_000));
        Assert.Equal(157, DecodingTile.Count(Llama with { WindowLeft = int.MaxValue }, 10_000));
        Assert.Equal(0, DecodingTile.Count(Llama, 0));
    }

    [Fact]
    public void Create_BadArguments_NamesThem()
    {
        Refused("Heads", Llama with { Heads = 33 });
        Refused("KeyHeads", Llama with { KeyHeads = 0 });
        Refused("HeadSize", Llama with { HeadSize = 72 });
        Refused("MaxQueryTokens", Llama with { MaxQueryTokens = 17 });
        Refused("WindowLeft", Llama with { WindowLeft = -1 });
        Refused("Element", Llama with { Element = (CacheElement)7 });
        Assert.Equal("lengths", Assert.Throws<ArgumentException>(() => DecodingPlan.Create(Llama, [-1], GpuArchitecture.H100)).ParamName);
        Assert.Equal("capacity", Assert.Throws<ArgumentException>(() => DecodingPlan.Create(Llama, [1, 1], GpuArchitecture.H100, 1)).ParamName);

        static void Refused(string name, DecodingShape shape) =>
            Assert.Contains(name, Assert.Throws<ArgumentException>(() => DecodingPlan.Create(shape, [5], GpuArchitecture.H100)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_OfEveryKernel_HaveTheSizeThatItDeclares()
    {
        foreach (string name in KernelImages.Names.Where(name => name.Contains("/decoding_", StringComparison.Ordinal) || name.Contains("/cache_", StringComparison.Ordinal)))
        {
            string declared = Parameter().Match(Encoding.ASCII.GetString(KernelImages.Load(name))).Groups[1].Value;
            int size = name.Contains("combine", StringComparison.Ordinal) ? Marshal.SizeOf<DecodingCombineParameters>()
                : name.Contains("append", StringComparison.Ordinal) ? Marshal.SizeOf<CacheAppendParameters>() : Marshal.SizeOf<DecodingParameters>();
            Assert.Equal($"{size}", declared);
        }
    }

    [Fact]
    public void LaunchBounds_OfTheAttentionKernels_KeepRegistersForTheBlocksPlanned()
    {
        foreach (int size in DecodingShape.HeadSizes)
        {
            foreach (bool coded in new[] { false, true })
            {
                Assert.All([GpuArchitecture.A100, GpuArchitecture.Rtx4090, GpuArchitecture.H100], architecture => Assert.InRange(DecodingTile.BlocksPerMultiprocessor(size, architecture, coded), 1, DecodingTile.MostBlocks(size, coded)));
                string text = Encoding.ASCII.GetString(KernelImages.Load($"sm_80/decoding_attention_{(coded ? "coded_" : "")}bf16_{size}"));
                Assert.Contains($".minnctapersm {DecodingTile.MostBlocks(size, coded)}\n", text, StringComparison.Ordinal);
            }
        }
    }

    [GeneratedRegex(@"\.param \.align 8 \.b8 \w+\[(\d+)\]")]
    private static partial Regex Parameter();
}
