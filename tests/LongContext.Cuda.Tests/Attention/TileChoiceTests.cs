using System.Text.RegularExpressions;
using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>Every instance against the budgets of the GPUs it is chosen for, and against the PTX that is there.</summary>
public sealed partial class TileChoiceTests
{
    /// <summary>What a multiprocessor of compute capability 8.6, 8.7 and others has in common with those of 8.0, 8.9 and 9.0.</summary>
    private static readonly GpuArchitecture[] Gpus = [GpuArchitecture.A100, GpuArchitecture.Rtx4090, GpuArchitecture.H100];

    [Fact]
    public void Of_EverySizeOnEveryGpu_FitsSharedMemoryAndRegisters()
    {
        foreach (GpuArchitecture gpu in Gpus)
        {
            foreach (AttentionPass pass in Enum.GetValues<AttentionPass>())
            {
                foreach (int size in TileChoice.HeadSizes)
                {
                    TileShape shape = TileChoice.Of(pass, size, gpu);
                    Assert.True(shape.SharedBytes <= gpu.SharedBytesPerBlock);
                    Assert.True(shape.BlocksPerMultiprocessor(gpu) * shape.Threads * 256 <= gpu.RegistersPerMultiprocessor);
                    Assert.True(shape.SumRegisters <= 192, $"{pass} {size}: {shape.SumRegisters} registers of sums leave too few for operands");
                    Assert.True(shape.BlocksPerMultiprocessor(gpu) >= 1);
                }
            }
        }
    }

    [Theory]
    [InlineData(AttentionPass.Forward, 128, "128x64", "64x64", "128x64")]
    [InlineData(AttentionPass.Forward, 256, "128x64", "64x64", "128x64")]
    [InlineData(AttentionPass.BackwardKeys, 96, "64x128", "64x128", "64x128")]
    [InlineData(AttentionPass.BackwardKeys, 128, "64x128", "64x64", "64x128")]
    [InlineData(AttentionPass.BackwardKeys, 256, "64x64", "32x32", "64x64")]
    internal void Of_LargeHeads_DependsOnSharedMemory(AttentionPass pass, int size, string a100, string rtx4090, string h100)
    {
        string[] found = [.. Gpus.Select(gpu => TileChoice.Of(pass, size, gpu)).Select(shape => $"{shape.QueryRows}x{shape.KeyRows}")];
        Assert.Equal([a100, rtx4090, h100], found);
    }

    [Fact]
    public void All_Instances_HavePtxOfTheSameTilesAndThreads()
    {
        foreach (TileShape shape in TileChoice.All)
        {
            foreach (AttentionElement element in Enum.GetValues<AttentionElement>())
            {
                string text = System.Text.Encoding.ASCII.GetString(KernelImages.Load(shape.Module(element)));
                Assert.Contains($".entry {shape.Entry}(", text, StringComparison.Ordinal);
                Assert.Contains($".maxntid {shape.Threads}, 1, 1", text, StringComparison.Ordinal);
                // One struct as the argument, as large as its mirror.
                Match parameter = Parameter().Match(text);
                Assert.Equal(System.Runtime.CompilerServices.Unsafe.SizeOf<AttentionParameters>(), int.Parse(parameter.Groups[1].Value, null));
            }
        }

        Assert.Equal(TileChoice.All.Count, TileChoice.All.Select(shape => shape.Module(AttentionElement.BFloat16)).Distinct().Count());
    }

    [Fact]
    public void Of_AnOldGpu_SaysWhatItNeeds()
    {
        GpuArchitecture volta = GpuArchitecture.A100 with { ComputeCapability = new Version(7, 0) };
        Assert.Contains("8.0", Assert.Throws<NotSupportedException>(() => TileChoice.Of(AttentionPass.Forward, 64, volta)).Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => TileChoice.Of(AttentionPass.Forward, 72, GpuArchitecture.A100));
    }

    [GeneratedRegex(@"\.param \.align 8 \.b8 \w+\[(\d+)\]")]
    private static partial Regex Parameter();
}
