using System.Globalization;
using System.Text;
using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;
using LongContext.Cuda.Emulation.Analysis;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>What can be counted of each instance without a GPU: registers, bank conflicts, sectors.</summary>
public sealed class AttentionInstanceTests(ITestOutputHelper output)
{
    private const int RegistersOfAThread = 255;

    public static TheoryData<string> Modules => [.. TileChoice.All.Select(shape => shape.Module(AttentionElement.BFloat16))];

    [Theory]
    [MemberData(nameof(Modules))]
    public void Instance_ByItsLiveValues_FitsTheRegisters(string module)
    {
        KernelStatistics statistics = Assert.Single(KernelStatistics.Of(Encoding.ASCII.GetString(KernelImages.Load(module)).TrimEnd('\0'), module));
        output.WriteLine($"{module}: {statistics.Registers} registers at line {statistics.RegistersLine}, {statistics.Instructions} instructions");
        foreach (LoopStatistics loop in statistics.Loops)
            output.WriteLine($"  loop {loop.FirstLine}..{loop.LastLine}: {loop.Instructions}: {string.Join(", ", loop.Classes.OrderByDescending(x => x.Value).Select(x => $"{x.Key} {x.Value}"))}");
        Assert.True(statistics.Registers <= RegistersOfAThread, $"{statistics.Registers} at line {statistics.RegistersLine}");
        Assert.Equal(0, statistics.LocalBytes);
    }

    [Theory]
    [MemberData(nameof(Modules))]
    public void Instance_OverWholeAndPartialTiles_HasNoBankConflictAndWholeSectors(string module)
    {
        TileShape shape = TileChoice.All.Single(shape => shape.Module(AttentionElement.BFloat16) == module);
        GpuArchitecture gpu = new[] { GpuArchitecture.H100, GpuArchitecture.Rtx4090 }.First(gpu => TileChoice.Of(shape.Pass, shape.HeadSize, gpu) == shape);
        var reports = new List<LaunchReport>();
        using var driver = new EmulatedDriver(new EmulationOptions { Threads = 2 }) { Launched = reports.Add };
        using var context = new CudaContext(driver, 0);
        var pack = new AttentionCase("two documents", [256, 100]) { HeadSize = shape.HeadSize, Deterministic = shape.Pass == AttentionPass.BackwardQueries };
        using (var device = new DeviceAttention(context, pack, new AttentionTensors(pack), new AttentionPlan(pack.Shape, gpu, pack.QueryBorders), gap: 0))
        {
            device.Forward();
            if (shape.Pass != AttentionPass.Forward) device.Backward();
        }

        LaunchReport report = reports.Single(report => report.Kernel == shape.Entry);
        output.WriteLine(report.ToString());
        Assert.True(report.MmaCount > 0 && report.SharedWavefronts > 0);
        Assert.Empty(report.BankConflicts.Select(line => string.Create(CultureInfo.InvariantCulture, $"{line.Line}: {line.Text}: {line.Wavefronts} for {line.IdealWavefronts}")));
        // Rows of heads are whole sectors of global memory: all that is fetched, written and added is used.
        LineCount[] wide = [.. report.Lines.Where(line => line.Text.Contains("cp.async.cg", StringComparison.Ordinal) || line.Text.Contains("st.global.v4", StringComparison.Ordinal) || line.Class == InstructionClass.Atomic)];
        Assert.True(wide.Length > 0);
        Assert.All(wide, line => Assert.True(line.Bytes == line.Sectors * 32, $"{line.Line}: {line.Text}: {line.Bytes} bytes of {line.Sectors} sectors"));
    }
}
