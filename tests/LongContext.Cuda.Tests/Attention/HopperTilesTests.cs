using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>The Hopper path's instances against the GPU's budget and the PTX that is there, and when they are chosen.</summary>
public sealed partial class HopperTilesTests
{
    private static readonly GpuArchitecture Gpu = GpuArchitecture.H100;

    [Fact]
    public void All_Instances_FitSharedMemoryAndRegisters()
    {
        foreach (HopperTileShape shape in HopperTiles.All)
        {
            Assert.True(shape.SharedBytes <= Gpu.SharedBytesPerBlock, $"{shape}: {shape.SharedBytes} bytes");
            // What the block starts with and what it has once the warpgroups have exchanged registers.
            int registers = 128 * (shape.ProducerRegisters + (shape.Consumers * shape.ConsumerRegisters));
            Assert.True(registers <= Gpu.RegistersPerMultiprocessor, $"{shape}: {registers} registers");
            int atStart = Gpu.RegistersPerMultiprocessor / shape.Threads / 8 * 8;
            Assert.True(registers <= atStart * shape.Threads, $"{shape}: {registers} registers are more than the block starts with, {atStart} a thread");
            Assert.True(shape.ConsumerRegisters - shape.SumRegisters >= 28, $"{shape}: {shape.SumRegisters} registers of products leave too few");
            Assert.True(shape.ProducerRegisters % 8 == 0 && shape.ConsumerRegisters % 8 == 0);
        }
    }

    [Fact]
    public void All_Instances_HavePtxOfTheSameThreadsAndParameters()
    {
        foreach (HopperTileShape shape in HopperTiles.All)
        {
            foreach (AttentionElement element in Enum.GetValues<AttentionElement>())
            {
                string text = System.Text.Encoding.ASCII.GetString(KernelImages.Load(shape.Module(element)));
                Assert.Contains($".entry {shape.Entry}(", text, StringComparison.Ordinal);
                Assert.Contains($".maxntid {shape.Threads}, 1, 1", text, StringComparison.Ordinal);
                Assert.Contains(".minnctapersm 1", text, StringComparison.Ordinal); // without it setmaxnreg is ignored
                Assert.Contains($"setmaxnreg.dec.sync.aligned.u32 {shape.ProducerRegisters};", text, StringComparison.Ordinal);
                Assert.Contains($"setmaxnreg.inc.sync.aligned.u32 {shape.ConsumerRegisters};", text, StringComparison.Ordinal);
                // One struct as the argument, as large as its mirror, aligned as a tensor map has to be.
                int expected = shape.Pass == AttentionPass.Forward ? Unsafe.SizeOf<HopperForwardParameters>() : Unsafe.SizeOf<HopperBackwardParameters>();
                Assert.Equal(expected, int.Parse(Parameter().Match(text).Groups[1].Value, null));
            }
        }
    }

    [Fact]
    public void Choose_WithoutAPath_TakesHopperWhereItHasAKernel()
    {
        Assert.Equal(AttentionPath.Hopper, HopperTiles.Choose(AttentionPass.Forward, 128, Gpu, null).Path);
        Assert.Equal(AttentionPath.Hopper, HopperTiles.Choose(AttentionPass.BackwardKeys, 128, Gpu, null).Path);
        Assert.Equal(AttentionPath.Hopper, HopperTiles.Choose(AttentionPass.BackwardQueries, 128, Gpu, null).Path);
        Assert.Equal(AttentionPath.Portable, HopperTiles.Choose(AttentionPass.Forward, 80, Gpu, null).Path);
        Assert.Equal(AttentionPath.Portable, HopperTiles.Choose(AttentionPass.BackwardKeys, 256, Gpu, null).Path);
        Assert.Equal(AttentionPath.Portable, HopperTiles.Choose(AttentionPass.Forward, 128, Gpu, AttentionPath.Portable).Path);
        Assert.Equal(AttentionPath.Portable, HopperTiles.Choose(AttentionPass.Forward, 128, GpuArchitecture.A100, null).Path);
        // wgmma exists on 9.0 alone: neither before nor after.
        Assert.Equal(AttentionPath.Portable, HopperTiles.Choose(AttentionPass.Forward, 128, Gpu with { ComputeCapability = new Version(10, 0) }, null).Path);
    }

    [Fact]
    public void Choose_HopperWhereThereIsNone_SaysSo()
    {
        NotSupportedException none = Assert.Throws<NotSupportedException>(() => HopperTiles.Choose(AttentionPass.Forward, 80, Gpu, AttentionPath.Hopper));
        Assert.Contains("80", none.Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => HopperTiles.Choose(AttentionPass.Forward, 128, GpuArchitecture.A100, AttentionPath.Hopper));
    }

    [Theory]
    [InlineData(32, 32, 16_384, 2)] // 8 MB of keys and values a head, 30 MB of cache for them: 3, of which 2 divides 32
    [InlineData(32, 8, 16_384, 2)]
    [InlineData(32, 32, 1_000, 32)]
    [InlineData(8, 1, 1_000_000, 1)]
    public void SectionKeyHeads_Forward_KeepsKeysAndValuesInTheCache(int heads, int keyHeads, int keys, int expected)
    {
        var shape = new AttentionShape { Element = AttentionElement.BFloat16, HeadSize = 128, Heads = heads, KeyHeads = keyHeads, Scale = 1 };
        Assert.Equal(expected, HopperTiles.SectionKeyHeads(AttentionPass.Forward, shape, keys, keys, Gpu.L2CacheBytes));
    }

    [GeneratedRegex(@"\.param \.align 64 \.b8 \w+\[(\d+)\]")]
    private static partial Regex Parameter();
}
