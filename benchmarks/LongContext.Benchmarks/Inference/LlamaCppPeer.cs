using System.Diagnostics;
using System.Text.Json;

namespace LongContext.Benchmarks.Inference;

/// <summary>llama.cpp over a GGUF file, in a process of its own, by benchmarks/llama-cpp/measure.mjs.</summary>
/// <param name="folder">Where `npm install` was run over a copy of benchmarks/llama-cpp.</param>
/// <param name="threads">Threads that compute.</param>
internal sealed class LlamaCppPeer(string folder, int threads)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Whether the package is there.</summary>
    public bool IsInstalled => Directory.Exists(Path.Combine(folder, "node_modules", "node-llama-cpp"));

    /// <summary>Reads a prompt and makes new tokens greedily.</summary>
    public Timing Measure(string model, int[] prompt, int newTokens, string cacheType, int batchSize, bool flashAttention)
    {
        string job = JsonSerializer.Serialize(new { model, threads, prompt, newTokens, cacheType, batchSize, flashAttention }, Json);
        // An argument holds 128 KB at most; prompts of 16K tokens fit.
        using Process node = Process.Start(new ProcessStartInfo("node", ["measure.mjs", job]) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        string output = node.StandardOutput.ReadToEnd();
        node.WaitForExit();
        return JsonSerializer.Deserialize<Timing>(output, Json) ?? throw new InvalidDataException($"llama.cpp printed no result: {output}");
    }

    /// <summary>What was seen.</summary>
    /// <param name="PrefillSeconds">The prompt without its last token.</param>
    /// <param name="PrefillCores">Processor time over time: whether all threads worked.</param>
    /// <param name="SecondsPerToken">Median over the new tokens.</param>
    /// <param name="DecodeCores">As for the prompt.</param>
    /// <param name="Tokens">The new tokens.</param>
    internal sealed record Timing(double PrefillSeconds, double PrefillCores, double SecondsPerToken, double DecodeCores, int[] Tokens);
}
