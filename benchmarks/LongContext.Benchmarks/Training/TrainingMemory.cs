using System.Diagnostics;
using System.Globalization;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Training.Backpropagation;
using LongContext.Training.Memory;

namespace LongContext.Benchmarks.Training;

/// <summary>
/// Peak resident memory of forward and backward beside weights and gradients, and tokens a second, by length and policy. A process of its own
/// for each row.
/// </summary>
internal static class TrainingMemory
{
    public static int Run(IReadOnlyList<string> lengths, TextWriter output)
    {
        if (!PeakMemory.IsMeasurable)
        {
            output.WriteLine("The peak of resident memory is read from /proc, which this system does not have.");
            return 1;
        }

        output.WriteLine("| way | tokens | before MB | peak MB | above MB | planned peak MB | tokens/s |");
        output.WriteLine("|---|---|---|---|---|---|---|");
        foreach (string length in lengths)
        {
            foreach (string way in (string[])["plain", .. TrainingCase.Policies.Keys])
            {
                int code = OwnProcess.Run("training-memory", length, way);
                if (code != 0) output.WriteLine($"| {way} | {length} | ended with {code} | | | |");
            }
        }

        return 0;
    }

    /// <summary>One row of the table.</summary>
    public static int Measure(int length, string way, TextWriter output)
    {
        PackedBatch pack = TrainingCase.Pack(length), small = TrainingCase.Pack(64);
        CausalLanguageModel model = TrainingCase.CreateModel(length);
        Action<PackedBatch> step;
        if (way == "plain")
        {
            var plain = new PlainLlama(model, requiresGradient: true);
            model.Dispose();
            step = each => TrainingCase.Plain(plain, each);
        }
        else
        {
            foreach (Parameter parameter in model.TrainableParameters) parameter.Trains = true;
            var backpropagation = new LayerwiseBackpropagation(model, TrainingCase.Policies[way]);
            step = each => TrainingCase.Layerwise(model, backpropagation, each);
        }

        step(small); // gradients are there, operators warm
        long before = PeakMemory.Current;
        PeakMemory.Reset();
        long started = Stopwatch.GetTimestamp();
        step(pack);
        double first = Stopwatch.GetElapsedTime(started).TotalSeconds;
        long peak = PeakMemory.Peak;
        double seconds = length > 8192 ? first : Median(() => step(pack));
        string planned = way == "plain" ? "" : string.Create(CultureInfo.InvariantCulture, $"{Planned(length, way) / 1e6:F0}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {way} | {length} | {before / 1e6:F0} | {peak / 1e6:F0} | {(peak - before) / 1e6:F0} | {planned} | {length / seconds:F0} |"));
        return 0;
    }

    /// <summary>The planner's peak, without an optimizer: none runs here.</summary>
    private static long Planned(int length, string way)
    {
        var request = new MemoryRequest { Config = TrainingCase.Config(length), DataType = TorchSharp.torch.ScalarType.Float32, OnGpu = false };
        return MemoryPlanner.Estimate(request, length, TrainingCase.Policies[way]).Items.Where(item => item.Name != "optimizer").Sum(item => item.DeviceBytes);
    }

    private static double Median(Action action)
    {
        var seconds = new List<double>();
        for (int i = 0; i < 5; i++)
        {
            long started = Stopwatch.GetTimestamp();
            action();
            seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        seconds.Sort();
        return seconds[2];
    }
}
