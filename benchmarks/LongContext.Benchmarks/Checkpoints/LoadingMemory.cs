using LongContext.Benchmarks.Harness;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Checkpoints;

/// <summary>How much resident memory loading a model takes at its peak, beside what the model takes afterwards.</summary>
internal static class LoadingMemory
{
    public static int Run(TextWriter output)
    {
        if (!PeakMemory.IsMeasurable)
        {
            output.WriteLine("The peak of resident memory is read from /proc, which this system does not have.");
            return 1;
        }

        using var folder = new ModelFolder();
        output.WriteLine($"{folder.Elements / 1e6:F0}M weights, largest shard {ModelFolder.ShardBytes / 1e6:F0} MB");
        output.WriteLine("| folder | loaded as | model MB | peak MB | above the model, MB |");
        output.WriteLine("|---|---|---|---|---|");
        foreach ((string path, string type) in new[] { (folder.BFloat16, "BFloat16"), (folder.BFloat16, "Float32"), (folder.Float8, "BFloat16") })
        {
            // A process of its own each time: memory that an earlier model gave back would hide what a later one takes.
            int code = OwnProcess.Run("loading-memory", path, type);
            if (code != 0) return code;
        }

        return 0;
    }

    /// <summary>One row of the table.</summary>
    public static int Measure(string path, string type, TextWriter output)
    {
        using (Tensor warm = ones([8, 8]).to(ScalarType.BFloat16).to(ScalarType.Float32)) warm.sum().Dispose();
        PeakMemory.Reset();
        long before = PeakMemory.Current;
        using CausalLanguageModel model = CausalLanguageModel.Load(path, new ModelLoadOptions { DataType = Enum.Parse<ScalarType>(type) });
        long peak = PeakMemory.Peak - before;
        long bytes = model.Parameters.Values.Sum(tensor => tensor.numel() * tensor.element_size());
        output.WriteLine($"| {Path.GetFileName(path)} | {model.DataType} | {bytes / 1e6:F0} | {peak / 1e6:F0} | {(peak - bytes) / 1e6:F0} |");
        return 0;
    }
}
