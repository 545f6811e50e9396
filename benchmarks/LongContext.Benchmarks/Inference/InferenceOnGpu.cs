using System.Diagnostics;
using System.Text.Json;
using LongContext.Benchmarks.Harness;
using LongContext.Checkpoints;
using LongContext.Cuda;
using LongContext.Cuda.Driver;
using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Inference;

/// <summary>
/// The engine on a GPU, by what a caller sees: decoding of one request after 2K, 8K and 32K tokens (the 8B also after 128K), of 32 together after 2K, and prefill, for
/// random models of the shapes of Llama-3.2-1B and Llama-3.1-8B in bfloat16. Beside decoding stands what reading the weights and the cache once takes of the
/// bandwidth that the card reads with, measured in the same process. A line of JSON for each figure.
/// </summary>
internal static class InferenceOnGpu
{
    private const int NewTokens = 96;
    private const int Together = 32;
    private const int StepTokens = 4_096;
    private const long ReadBytes = 4L << 30;

    private static readonly (string Name, int Hidden, int Intermediate, int Layers, int Heads, int HeadSize, bool Tied, bool Longest)[] Shapes =
        [("1B", 2_048, 8_192, 16, 32, 64, true, false), ("8B", 4_096, 14_336, 32, 32, 128, false, true)];

    public static async Task<int> RunAsync(TextWriter output)
    {
        if (!CudaDevice.IsAvailable)
        {
            output.WriteLine($"inference-gpu measures nothing here: there is no GPU ({CudaDevice.UnavailableReason})");
            return 0;
        }

        if (!cuda.is_available())
        {
            output.WriteLine("inference-gpu measures nothing here: there is a GPU, but this program's libtorch is the CPU's");
            return 1;
        }

        CudaDevice card = CudaDevice.Get(0);
        double bandwidth = ReadBandwidth(CudaContext.ForDevice(0));
        Write(output, new() { ["gpu"] = card.Name, ["memory_bytes"] = card.MemoryBytes, ["read_GB_per_s"] = Math.Round(bandwidth / 1e9) });
        foreach ((string name, int hidden, int intermediate, int layers, int heads, int headSize, bool tied, bool longest) in Shapes)
        {
            using CausalLanguageModel model = Create(hidden, intermediate, layers, heads, headSize, tied);
            // Not to take libtorch's figures for the kernels'.
            Write(output, new() { ["model"] = name, ["kernels_not_used_because"] = CudaModelRunner.WhyNot(model, new RunnerOptions()) ?? "" });
            // The embedding is read a row at a time; tied, it is the head.
            double weights = 2.0 * (model.Parameters.ElementCount - (tied ? 0 : (long)hidden * model.Config.VocabularySize));
            double cached = 2.0 * 2 * layers * model.Config.KeyValueHeadCount * headSize;
            await using (var engine = new GenerationEngine(model, new GenerationEngineOptions { StepTokens = StepTokens, MaximumSequences = Together, CacheTokens = longest ? 280_000 : 200_000, Logger = new WarningLines(output) }))
            {
                int[] contexts = longest ? [2_048, 8_192, 32_768, 131_072 - NewTokens - 64] : [2_048, 8_192, 32_768];
                await PrefillAsync(engine, model, name, 4_096, null).ConfigureAwait(false); // loads kernels
                foreach (int context in contexts)
                {
                    double seconds = await DecodeAsync(engine, model, context).ConfigureAwait(false);
                    Write(output, Figure(name, "decode", context, 1, 1 / seconds, (weights + (cached * context)) / seconds / bandwidth));
                }

                double rate = await TogetherAsync(engine, model, 2_048).ConfigureAwait(false);
                Write(output, Figure(name, "decode", 2_048, Together, rate, (weights + (cached * 2_048 * Together)) * rate / Together / bandwidth));
                foreach (int length in new[] { 8_192, 32_768 }) await PrefillAsync(engine, model, name, length, output).ConfigureAwait(false);
                Write(output, new() { ["model"] = name, ["cache_bytes"] = engine.Statistics.CommittedCacheBytes, ["memory_in_use_bytes"] = card.MemoryInUse ?? 0 });
            }
        }

        return 0;
    }

    /// <summary>Seconds of a token of one request.</summary>
    private static async Task<double> DecodeAsync(GenerationEngine engine, CausalLanguageModel model, int context)
    {
        int[] prompt = Documents.Tokens(context, model.Config.VocabularySize, new Random(context));
        var seconds = new List<double>();
        // The first round reads the prompt, loads kernels and captures; the later ones find the prompt in the cache.
        for (int round = 0; round < 4; round++)
        {
            double perToken = await EngineTiming.SecondsPerTokenAsync(engine, EngineTiming.Request(prompt, NewTokens)).ConfigureAwait(false);
            if (round > 0) seconds.Add(perToken);
        }

        return EngineTiming.Median(seconds);
    }

    /// <summary>Tokens a second of some requests together, while all of them run.</summary>
    private static async Task<double> TogetherAsync(GenerationEngine engine, CausalLanguageModel model, int context)
    {
        var rates = new List<double>();
        for (int round = 0; round < 3; round++)
        {
            Task<long[]>[] requests = [.. Enumerable.Range(0, Together).Select(i =>
                TimesAsync(engine, EngineTiming.Request(Documents.Tokens(context, model.Config.VocabularySize, new Random(i)), 2 * NewTokens)))];
            long[][] times = await Task.WhenAll(requests).ConfigureAwait(false);
            (long start, long end) = (times.Max(own => own[0]), times.Min(own => own[^1]));
            rates.Add(times.Sum(own => own.Count(time => time > start && time <= end)) / Stopwatch.GetElapsedTime(start, end).TotalSeconds);
        }

        return rates.Skip(1).Max();
    }

    private static async Task<long[]> TimesAsync(GenerationEngine engine, GenerationRequest request)
    {
        var times = new List<long>();
        await foreach (GeneratedToken _ in engine.StreamAsync(request).ConfigureAwait(false)) times.Add(Stopwatch.GetTimestamp());
        return [.. times];
    }

    private static async Task PrefillAsync(GenerationEngine engine, CausalLanguageModel model, string name, int length, TextWriter? output)
    {
        var seconds = new List<double>();
        for (int round = 0; round < 3; round++)
        {
            int[] prompt = Documents.Tokens(length, model.Config.VocabularySize, new Random(1_000 + length + round));
            long start = Stopwatch.GetTimestamp();
            await engine.GenerateAsync(EngineTiming.Request(prompt, newTokens: 1)).ConfigureAwait(false);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        if (output is not null) Write(output, Figure(name, "prefill", length, 1, length / EngineTiming.Median(seconds), null));
    }

    /// <summary>Bytes a second of sums over 4 GiB, the best of some.</summary>
    private static double ReadBandwidth(CudaContext context)
    {
        using Tensor values = zeros([ReadBytes / sizeof(float)], dtype: ScalarType.Float32, device: CUDA);
        using var start = new CudaEvent(context);
        using var end = new CudaEvent(context);
        double best = double.MaxValue;
        for (int round = 0; round < 12; round++)
        {
            start.Record();
            using (Tensor sum = values.amax([0])) end.Record();
            best = Math.Min(best, start.MillisecondsTo(end));
        }

        return ReadBytes / (best / 1e3);
    }

    private static CausalLanguageModel Create(int hidden, int intermediate, int layers, int heads, int headSize, bool tied)
    {
        var config = new ModelConfig
        {
            ModelType = "llama", Architectures = ["LlamaForCausalLM"], VocabularySize = 128_256, HiddenSize = hidden, IntermediateSize = intermediate, LayerCount = layers,
            HeadCount = heads, KeyValueHeadCount = 8, HeadDimension = headSize, TieWordEmbeddings = tied, MaxPositionEmbeddings = 131_072, OriginalMaxPositionEmbeddings = 131_072,
        };
        return CausalLanguageModel.Create(
            config, size => randn(size, dtype: ScalarType.BFloat16, device: CUDA).Times(0.02), new ModelLoadOptions { Device = CUDA, DataType = ScalarType.BFloat16 });
    }

    private static Dictionary<string, object> Figure(string model, string what, int context, int requests, double rate, double? share)
    {
        var line = new Dictionary<string, object> { ["model"] = model, ["measure"] = what, ["context"] = context, ["requests"] = requests, ["tokens_per_s"] = Math.Round(rate, 1) };
        if (share is { } reached) line["share_of_read_bandwidth"] = Math.Round(reached, 3);
        return line;
    }

    private static void Write(TextWriter output, Dictionary<string, object> line)
    {
        output.WriteLine(JsonSerializer.Serialize(line));
        output.Flush();
    }
}
