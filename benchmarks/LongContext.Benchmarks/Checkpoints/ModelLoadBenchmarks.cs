using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Checkpoints;

/// <summary>
/// A sharded folder that lies in the page cache, loaded as a model. Baseline: the files' bytes read once through a buffer, without
/// anything made of them.
/// </summary>
[Work("GB", 0.496)]
[InvocationCount(1), WarmupCount(1), IterationCount(7)]
public class ModelLoadBenchmarks
{
    private ModelFolder folder = null!;

    [GlobalSetup]
    public void Setup()
    {
        folder = new ModelFolder();
        Agreement.Require("number of weights", folder.Elements, LoadBFloat16(), 0);
    }

    [GlobalCleanup]
    public void Cleanup() => folder.Dispose();

    [Benchmark(Baseline = true)]
    public long ReadBytes()
    {
        long sum = 0;
        var buffer = new byte[1 << 20];
        foreach (string file in Directory.GetFiles(folder.BFloat16, "*.safetensors"))
        {
            using FileStream stream = File.OpenRead(file);
            for (int count; (count = stream.Read(buffer)) > 0;) sum += count;
        }

        return sum;
    }

    [Benchmark]
    public long LoadBFloat16() => Load(folder.BFloat16, null);

    /// <summary>As above, widened.</summary>
    [Benchmark]
    public long LoadAsFloat32() => Load(folder.BFloat16, ScalarType.Float32);

    /// <summary>Half the bytes on disk, dequantised to the same model.</summary>
    [Benchmark]
    public long LoadFloat8() => Load(folder.Float8, null);

    private static long Load(string path, ScalarType? dataType)
    {
        using CausalLanguageModel model = CausalLanguageModel.Load(path, new ModelLoadOptions { DataType = dataType });
        return model.Parameters.ElementCount;
    }
}
