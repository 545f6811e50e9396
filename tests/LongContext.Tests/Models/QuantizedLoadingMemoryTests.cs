using System.Globalization;
using System.Runtime.InteropServices;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Models;

/// <summary>Memory while a model is quantised: never near that of the whole model unquantised.</summary>
[Collection(TensorCounting.Name)]
public sealed partial class QuantizedLoadingMemoryTests
{
    [Fact, Trait("Category", "Slow")]
    public void Load_Nf4_PeaksFarBelowTheUnquantisedModel()
    {
        SlowTests.SkipUnlessAsked();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "peak memory is read from /proc");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        var config = new ModelConfig
        {
            VocabularySize = 1000,
            HiddenSize = 1536,
            IntermediateSize = 4096,
            LayerCount = 12,
            HeadCount = 12,
            KeyValueHeadCount = 12,
            MaxPositionEmbeddings = 64,
        };
        long plainBytes;
        using (CausalLanguageModel plain = CausalLanguageModel.Create(config, 1, new ModelLoadOptions { DataType = ScalarType.BFloat16 }))
        {
            plainBytes = plain.Parameters.ElementCount * 2;
            plain.Save(folder.Path, maximumShardBytes: 100_000_000);
        }

        CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { WeightQuantization = WeightQuantization.Nf4DoubleQuantized }).Dispose(); // what is made once
        TensorCounting.Count(); // collects
        _ = TrimHeap(0); // what was freed would be used again, and the peak not be seen
        long before = Reset();
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { WeightQuantization = WeightQuantization.Nf4DoubleQuantized });
        long growth = Status("VmHWM") - before, kept = model.Parameters.All.Sum(parameter => parameter.Quantized?.ByteCount ?? parameter.Value.numel() * 2);
        TestContext.Current.SendDiagnosticMessage($"bfloat16 {plainBytes >> 20} MB, quantised {kept >> 20} MB, peak growth {growth >> 20} MB");
        Assert.InRange(kept, plainBytes / 5, plainBytes / 3);
        // A shard's mapped pages and one tensor in its own type and in float32 are above what stays.
        Assert.True(growth < kept + (150L << 20), $"loading grew by {growth >> 20} MB for {kept >> 20} MB of weights ({plainBytes >> 20} MB in bfloat16)");
        Assert.True(growth < plainBytes * 0.7, $"loading grew by {growth >> 20} MB; the model has {plainBytes >> 20} MB in bfloat16");
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int TrimHeap(nuint pad);

    /// <summary>Makes the peak what is resident now, and gives that.</summary>
    private static long Reset()
    {
        File.WriteAllText("/proc/self/clear_refs", "5");
        return Status("VmRSS");
    }

    private static long Status(string field) =>
        long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(field + ":", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
}
