using System.Diagnostics;
using System.Globalization;
using LongContext.Benchmarks.Harness;
using LongContext.Checkpoints;
using LongContext.Export;
using LongContext.Generation;
using LongContext.Gguf;
using LongContext.Models;
using LongContext.Models.Quantization;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Inference;

/// <summary>The same weights here and in llama.cpp, in the same precision, two threads each, in turns: prefill and decoding.</summary>
internal static class AgainstLlamaCpp
{
    private const int Threads = 2;
    private const int Rounds = 3;
    private const int PromptTokens = 2048;
    private const int NewTokens = 32;

    /// <param name="folder">Of the peer's package.</param>
    /// <param name="types">
    /// Float32, BFloat16, Float16, Q8_0 or Q4_0. Beside the last two, the engine has bfloat16 weights quantised as int8 with a scale for each output or int4 with one for each 32 inputs, and a head in
    /// bfloat16, which is quantised there; activations become 8-bit integers there, here beside int4 in a second engine, and stay float32 otherwise.
    /// </param>
    /// <param name="output">Gets a line for each.</param>
    public static async Task<int> RunAsync(string folder, IReadOnlyList<string> types, TextWriter output)
    {
        var peer = new LlamaCppPeer(folder, Threads);
        if (!peer.IsInstalled)
        {
            output.WriteLine($"node-llama-cpp is not in {folder}: copy benchmarks/llama-cpp there and run npm install.");
            return 1;
        }

        ModelConfig config = InferenceModels.Of300M;
        int[] prompt = Documents.Tokens(PromptTokens, config.VocabularySize, new Random(1));
        string tokenizer = Directory.CreateTempSubdirectory("longcontext-tokenizer-").FullName;
        try
        {
            MadeTokenizer.Write(tokenizer, config.VocabularySize);
            foreach (string type in types) await CompareAsync(peer, config, type, tokenizer, prompt, output).ConfigureAwait(false);
            return 0;
        }
        finally
        {
            Directory.Delete(tokenizer, recursive: true);
        }
    }

    private static async Task CompareAsync(LlamaCppPeer peer, ModelConfig config, string type, string tokenizer, int[] prompt, TextWriter output)
    {
        var element = Enum.Parse<GgufTensorType>(type, ignoreCase: true);
        string file = Path.Combine(Path.GetTempPath(), $"longcontext-300m-{type}.gguf");
        using CausalLanguageModel model = InferenceModels.Create(config, DataType(element));
        string quantized = "";
        GgufExporter.Export(model, file, new GgufExportOptions { ElementType = element, TokenizerFolder = tokenizer, Overwrite = true });
        try
        {
            if (Quantization(element) is { } options) quantized = $" (here {ModelQuantizer.Quantize(model, options).BytesAfter >> 20} MB of weights)";
            await CompareAsync(peer, model, file, type + quantized, prompt, output).ConfigureAwait(false);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task CompareAsync(LlamaCppPeer peer, CausalLanguageModel model, string file, string type, int[] prompt, TextWriter output)
    {
        // The cache as llama.cpp has it by default, in two bytes; in four where the weights have four.
        bool wide = model.DataType == ScalarType.Float32;
        var options = new GenerationEngineOptions
        {
            Threads = Threads,
            CacheTokens = 2 * PromptTokens,
            CacheFormat = wide ? KeyValueCacheFormat.Float32 : KeyValueCacheFormat.BFloat16,
            MaximumSequences = 1,
        };
        await using var engine = new GenerationEngine(model, options);
        await using GenerationEngine? rounding = type.StartsWith(nameof(GgufTensorType.Q4_0), StringComparison.Ordinal) ? new GenerationEngine(model, options with { RoundsActivations = true }) : null;
        Times own = new(), rounded = new(), peers = new();
        for (int round = 0; round < Rounds; round++)
        {
            LlamaCppPeer.Timing timing = peer.Measure(file, prompt, NewTokens, wide ? "F32" : "F16", batchSize: 512, flashAttention: true);
            peers.Prefill.Add(timing.PrefillSeconds);
            peers.Decoding.Add(timing.SecondsPerToken);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"llama.cpp used {timing.PrefillCores:F2} cores for the prompt, {timing.DecodeCores:F2} for new tokens"));
            await MeasureAsync(engine, prompt, own).ConfigureAwait(false);
            if (rounding is not null) await MeasureAsync(rounding, prompt, rounded).ConfigureAwait(false);
        }

        Write(type, own);
        if (rounding is not null) Write(type + ", activations rounded", rounded);

        void Write(string name, Times times) => output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name}: prefill of {PromptTokens} engine {PromptTokens / times.PrefillSeconds:F1} tokens/s, llama.cpp {PromptTokens / peers.PrefillSeconds:F1}, ratio {peers.PrefillSeconds / times.PrefillSeconds:F2}; "
            + $"decoding engine {1 / times.SecondsPerToken:F2} tokens/s, llama.cpp {1 / peers.SecondsPerToken:F2}, ratio {peers.SecondsPerToken / times.SecondsPerToken:F2}"));
    }

    private static async Task MeasureAsync(GenerationEngine engine, int[] prompt, Times times)
    {
        await engine.ClearCacheAsync().ConfigureAwait(false);
        long start = Stopwatch.GetTimestamp();
        await engine.GenerateAsync(EngineTiming.Request(prompt, 1)).ConfigureAwait(false);
        times.Prefill.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        times.Decoding.Add(await EngineTiming.SecondsPerTokenAsync(engine, EngineTiming.Request(prompt, NewTokens)).ConfigureAwait(false));
    }

    private static QuantizationOptions? Quantization(GgufTensorType element) => element switch
    {
        GgufTensorType.Q8_0 => new QuantizationOptions { Format = QuantizationFormat.Int8 },
        GgufTensorType.Q4_0 => new QuantizationOptions { Format = QuantizationFormat.Int4, GroupSize = 32 },
        _ => null,
    };

    private static ScalarType DataType(GgufTensorType element) => element switch
    {
        GgufTensorType.BFloat16 or GgufTensorType.Q8_0 or GgufTensorType.Q4_0 => ScalarType.BFloat16,
        GgufTensorType.Float16 => ScalarType.Float16,
        _ => ScalarType.Float32,
    };

    /// <summary>Times of some rounds.</summary>
    private sealed class Times
    {
        public List<double> Prefill { get; } = [];

        public List<double> Decoding { get; } = [];

        public double PrefillSeconds => EngineTiming.Median(Prefill);

        public double SecondsPerToken => EngineTiming.Median(Decoding);
    }
}
