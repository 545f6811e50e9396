using System.Text;
using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation.Analysis;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>What can be counted of each instance without a GPU: registers, bank conflicts, sectors.</summary>
public sealed class AttentionInstanceTests(ITestOutputHelper output)
{
    public static TheoryData<string> Modules => [.. TileChoice.All.Select(shape => shape.Module(AttentionElement.BFloat16))];

    [Theory]
    [MemberData(nameof(Modules))]
    public void Instance_ByItsLiveValues_FitsTheRegisters(string module)
    {
        KernelStatistics statistics = Assert.Single(KernelStatistics.Of(Encoding.ASCII.GetString(KernelImages.Load(module)).TrimEnd('\0'), module));
        output.WriteLine($"{module}: {statistics.Registers} registers at line {statistics.RegistersLine}, {statistics.Instructions} instructions");
        foreach (LoopStatistics loop in statistics.Loops)
            output.WriteLine($"  loop {loop.FirstLine}..{loop.LastLine}: {loop.Instructions}: {string.Join(", ", loop.Classes.OrderByDescending(x => x.Value).Select(x => $"{x.Key} {x.Value}"))}");
        Assert.True(statistics.Registers <= 255, $"{statistics.Registers} at line {statistics.RegistersLine}");
    }
}
