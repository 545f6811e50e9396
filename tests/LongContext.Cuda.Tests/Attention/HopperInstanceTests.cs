using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>What can be counted of each instance of the Hopper path without a GPU: bank conflicts, sectors.</summary>
public sealed partial class HopperInstanceTests(ITestOutputHelper output)
{
    public static TheoryData<string> Modules => [.. HopperTiles.All.Select(shape => shape.Module(AttentionElement.BFloat16))];

    public static TheoryData<string> AllModules => [.. KernelImages.Names.Where(name => name.StartsWith("sm_90a/", StringComparison.Ordinal))];

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

    /// <summary>
    /// What makes NVIDIA's assembler run products one after the other, as far as the text tells: a batch of products without a fence of its own since the
    /// last branch or label, registers of a product that are written behind the fence, and operations that it makes calls of.
    /// </summary>
    [Theory]
    [MemberData(nameof(AllModules))]
    public void Module_AroundItsProducts_LeavesTheAssemblerNothingToPutIn(string module)
    {
        bool fenced = false;
        int products = 0;
        var written = new HashSet<string>();
        foreach (string line in Encoding.ASCII.GetString(KernelImages.Load(module)).Split('\n').Select(line => line.Trim()))
        {
            Assert.DoesNotMatch(Calls(), line);
            if (line.EndsWith(':') || Branch().IsMatch(line))
            {
                fenced = false;
            }
            else if (line.StartsWith("wgmma.fence", StringComparison.Ordinal))
            {
                fenced = true;
                written.Clear();
            }
            else if (line.StartsWith("wgmma.mma_async", StringComparison.Ordinal))
            {
                products++;
                Assert.True(fenced, $"{module}: no wgmma.fence since the last branch or label before {line}");
                Assert.DoesNotContain(Register().Matches(line).Select(match => match.Value), written.Contains);
            }
            else if (Destination().Match(line) is { Success: true } destination)
            {
                // Descriptors are read when a product is issued; accumulators and left operands, of 32 bits, while it runs.
                written.UnionWith(Register().Matches(destination.Groups[1].Value).Select(match => match.Value));
            }
        }

        Assert.True(products > 0);
    }

    [GeneratedRegex(@"^(@!?%p\d+\s+)?((div|rcp|sqrt)\.rn\.|(div|rem)\.[us]64|call)")]
    private static partial Regex Calls();

    [GeneratedRegex(@"^(@!?%p\d+\s+)?bra\b")]
    private static partial Regex Branch();

    [GeneratedRegex(@"^(?:@!?%p\d+\s+)?[a-z][\w.:]*\s+(\{[^}]*\}|%[a-z]+\d+)")]
    private static partial Regex Destination();

    [GeneratedRegex(@"%[fr]\d+")]
    private static partial Regex Register();
}
