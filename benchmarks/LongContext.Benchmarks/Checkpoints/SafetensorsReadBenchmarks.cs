using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Checkpoints;

namespace LongContext.Benchmarks.Checkpoints;

/// <summary>
/// All tensors of a file that lies in the page cache. Baseline: the header parsed, then each tensor read from a stream into its
/// array.
/// </summary>
[Work("MB", TensorCount * TensorElements * sizeof(float) / 1e6)]
public class SafetensorsReadBenchmarks
{
    private const int TensorCount = 16;
    private const int TensorElements = 1 << 20;
    private SafetensorsSample sample = null!;

    [GlobalSetup]
    public void Setup()
    {
        sample = new SafetensorsSample(TensorCount, TensorElements);
        Agreement.Require("sum of all values", FileStreamToArrays(), OpenAndReadArrays(), 0);
        Agreement.Require("sum of one value a page", FirstOfEachPage(), OpenAndTouchEachPage(), 0);
    }

    [GlobalCleanup]
    public void Cleanup() => sample.Dispose();

    [Benchmark(Baseline = true)]
    public double FileStreamToArrays()
    {
        double last = 0;
        foreach (float[] values in PlainSafetensors.ReadAll(sample.Path)) last += values[^1];
        return last;
    }

    [Benchmark]
    public double OpenAndReadArrays()
    {
        double last = 0;
        using SafetensorsFile file = SafetensorsFile.Open(sample.Path);
        foreach (string name in file.Tensors.Keys) last += file.ReadArray<float>(name)[^1];
        return last;
    }

    /// <summary>Without copying: the mapped bytes themselves, one value of each page of 4 KiB so that each page is really there.</summary>
    [Benchmark]
    public double OpenAndTouchEachPage()
    {
        double sum = 0;
        using SafetensorsFile file = SafetensorsFile.Open(sample.Path);
        foreach (string name in file.Tensors.Keys)
        {
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(file.GetBytes(name));
            for (int i = 0; i < values.Length; i += 1024) sum += values[i];
        }

        return sum;
    }

    private double FirstOfEachPage()
    {
        double sum = 0;
        foreach (float[] values in PlainSafetensors.ReadAll(sample.Path))
        {
            for (int i = 0; i < values.Length; i += 1024) sum += values[i];
        }

        return sum;
    }
}
