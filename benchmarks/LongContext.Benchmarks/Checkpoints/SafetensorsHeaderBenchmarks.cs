using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Checkpoints;

namespace LongContext.Benchmarks.Checkpoints;

/// <summary>
/// Opening a file of many small tensors. Baseline: the header through JsonDocument into names, shapes and offsets, without one
/// check; ours also maps the file and checks names, shapes, overlaps and bounds.
/// </summary>
[Work("tensors", Parameter = nameof(TensorCount))]
public class SafetensorsHeaderBenchmarks
{
    private SafetensorsSample sample = null!;

    /// <summary>Number of tensors: a model of 32 layers has some 300.</summary>
    [Params(300, 5000)]
    public int TensorCount { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        sample = new SafetensorsSample(TensorCount, elements: 4);
        Agreement.Require("tensors", JsonDocumentHeader(), Open(), 0);
    }

    [GlobalCleanup]
    public void Cleanup() => sample.Dispose();

    [Benchmark(Baseline = true)]
    public int JsonDocumentHeader()
    {
        using FileStream stream = File.OpenRead(sample.Path);
        return PlainSafetensors.ReadHeader(stream).Count;
    }

    [Benchmark]
    public int Open()
    {
        using SafetensorsFile file = SafetensorsFile.Open(sample.Path);
        return file.Tensors.Count;
    }
}
