using System.Globalization;
using LongContext.Benchmarks.Harness;
using LongContext.Checkpoints;
using LongContext.Export;
using LongContext.Gguf;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Inference;

/// <summary>The same weights here and in llama.cpp, in the same precision, two threads each, in turns: prefill and decoding.</summary>
internal static class AgainstLlamaCpp
{
    private const int Rounds = 3;
    private const int PromptTokens = 2048;
    private const int NewTokens = 32;

    /// <param name="folder">Of the peer's package.</param>
    /// <param name="types">Float32, BFloat16, Float16 or Q8_0.</param>
    /// <param name="output">Gets a line for each.</param>
    public static int Run(string folder, IReadOnlyList<string> types, TextWriter output)
    {
        var peer = new LlamaCppPeer(folder, threads: 2);
        if (!peer.IsInstalled)
        {
            output.WriteLine($"node-llama-cpp is not in {folder}: copy benchmarks/llama-cpp there and run npm install.");
            return 1;
        }

        ModelConfig config = InferenceModels.Of300M;
        int[] prompt = Documents.Tokens(PromptTokens, config.VocabularySize, new Random(1));
        string tokenizer = Directory.CreateTempSubdirectory("longcontext-tokenizer-").FullName;
        MadeTokenizer.Write(tokenizer, config.VocabularySize);
        foreach (string type in types)
        {
            var element = Enum.Parse<GgufTensorType>(type, ignoreCase: true);
            string file = Path.Combine(Path.GetTempPath(), $"longcontext-300m-{type}.gguf");
            using (CausalLanguageModel model = InferenceModels.Create(config, DataType(element)))
                GgufExporter.Export(model, file, new GgufExportOptions { ElementType = element, TokenizerFolder = tokenizer, Overwrite = true });
            try
            {
                foreach ((int batch, bool flash) in new[] { (512, true), (2048, true), (512, false) })
                {
                    for (int round = 0; round < Rounds; round++)
                    {
                        LlamaCppPeer.Timing timing = peer.Measure(file, prompt, NewTokens, element == GgufTensorType.Float32 ? "F32" : "F16", batch, flash);
                        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                            $"{type} batch {batch} flash {flash}: prefill {(PromptTokens - 1) / timing.PrefillSeconds:F1} tokens/s, decoding {1 / timing.SecondsPerToken:F2} tokens/s"));
                    }
                }
            }
            finally
            {
                File.Delete(file);
            }
        }

        Directory.Delete(tokenizer, recursive: true);
        return 0;
    }

    private static ScalarType DataType(GgufTensorType element) => element switch
    {
        GgufTensorType.BFloat16 => ScalarType.BFloat16,
        GgufTensorType.Float16 => ScalarType.Float16,
        _ => ScalarType.Float32,
    };
}
