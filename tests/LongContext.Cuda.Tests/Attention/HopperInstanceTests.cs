using System.Globalization;
using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>What can be counted of each instance of the Hopper path without a GPU: bank conflicts, sectors.</summary>
public sealed class HopperInstanceTests(ITestOutputHelper output)
{
    public static TheoryData<string> Modules => [.. HopperTiles.All.Select(shape => shape.Module(AttentionElement.BFloat16))];

    [Theory]
    [MemberData(nameof(Modules))]
    public void Instance_OverWholeAndPartialTiles_HasNoBankConflictAndWholeSectors(string module)
    {
        HopperTileShape shape = HopperTiles.All.Single(shape => shape.Module(AttentionElement.BFloat16) == module);
        var reports = new List<LaunchReport>();
        using var driver = new EmulatedDriver(new EmulationOptions { Threads = 2 }) { Launched = reports.Add };
        using var context = new CudaContext(driver, 0);
        var pack = new AttentionCase("two documents", [256, 100]) { HeadSize = shape.HeadSize, Deterministic = shape.Pass == AttentionPass.BackwardQueries };
        using (var device = new DeviceAttention(context, pack, new AttentionTensors(pack), new AttentionPlan(pack.Shape, GpuArchitecture.H100, pack.QueryBorders), gap: 0))
        {
            device.Forward();
            if (shape.Pass != AttentionPass.Forward) device.Backward();
        }

        LaunchReport report = reports.Single(report => report.Kernel == shape.Entry);
        output.WriteLine(report.ToString());
        foreach (LineCount line in report.BankConflicts) output.WriteLine($"  {line.Line}: {line.Text[..Math.Min(90, line.Text.Length)]}: {line.Wavefronts} for {line.IdealWavefronts}");
        Assert.True(report.MmaCount > 0 && report.SharedWavefronts > 0);
        Assert.Empty(report.BankConflicts.Select(line => string.Create(CultureInfo.InvariantCulture, $"{line.Line}: {line.Text}: {line.Wavefronts} for {line.IdealWavefronts}")));
        LineCount[] wide = [.. report.Lines.Where(line => line.Text.Contains("st.global.v4", StringComparison.Ordinal))];
        Assert.True(wide.Length > 0);
        Assert.All(wide, line => Assert.True(line.Bytes == line.Sectors * 32, $"{line.Line}: {line.Text}: {line.Bytes} bytes of {line.Sectors} sectors"));
    }
}
