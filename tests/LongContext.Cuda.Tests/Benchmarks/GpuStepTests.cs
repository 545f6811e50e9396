using LongContext.Benchmarks.Gpu;
using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Benchmarks;

/// <summary>The benchmark gpu-step over an emulated GPU, with a small shape: its launches are right and its bytes are those that are read. Times mean nothing there.</summary>
public sealed class GpuStepTests
{
    private static readonly GpuStepShape Small = new("small", Hidden: 256, Intermediate: 512, Layers: 2, Heads: 4, KeyHeads: 2, HeadSize: 64, Vocabulary: 5_000);

    [Theory]
    [InlineData(nameof(CacheCodes.None), 1, 200)]
    [InlineData(nameof(CacheCodes.Int8), 3, 130)]
    public void Measure_OnAnEmulatedGpu_ReadsWhatItSays(string codes, int sequences, int length)
    {
        using var driver = new EmulatedDriver(new EmulationOptions { Multiprocessors = 4 });
        using var context = new CudaContext(driver, 0);
        using var clock = new GpuClock(context);
        using var weights = new GpuStepWeights(context, Small);
        Assert.Equal(2L * (256 + (5_000 * 256) + (2 * ((8 * 64 * 256) + (256 * 256) + (3 * 512 * 256)))), weights.Bytes);
        CacheCodes format = Enum.Parse<CacheCodes>(codes);
        Dictionary<string, object> row = GpuStep.Measure(context, clock, weights, sequences, length, format, copied: 1e12);
        Assert.Equal("small", row["shape"]);

        using var work = new GpuStepWork(context, weights, sequences, length, format);
        long sectors = 0;
        driver.Launched = report => sectors += report.LoadSectors;
        work.Run(0);
        Assert.InRange(32.0 * sectors / (weights.Bytes + work.CacheBytes), 1, 1.5);
    }

    [Fact]
    public void CopyBandwidth_OnAnEmulatedGpu_Copies()
    {
        using var driver = new EmulatedDriver();
        using var context = new CudaContext(driver, 0);
        using var clock = new GpuClock(context);
        Assert.True(GpuStep.CopyBandwidth(context, clock, 1 << 16) > 0);
    }
}
