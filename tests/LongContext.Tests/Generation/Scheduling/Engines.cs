using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Scheduling;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>Engines over the oracle, and what a request gives by itself.</summary>
internal static class Engines
{
    public const int Vocabulary = 40;

    /// <summary>Pages without a window, with one, with several, and with windows alone.</summary>
    public static int?[][] Shapes { get; } = [[null], [null, 12], [5], [null, 3, 16], [7, 20]];

    public static GenerationEngineOptions Small { get; } = new() { StepTokens = 24, MaximumSequences = 8 };

    public static EngineModel Model { get; } = new(Vocabulary) { StopTokenIds = [39] };

    public static GenerationEngine Make(OraclePages pages, long bytes, GenerationEngineOptions? options = null, EngineModel? model = null, int hashBits = 64, Func<OraclePages, OracleRunner>? runner = null, OracleRunner? draft = null) =>
        new(model ?? Model, runner?.Invoke(pages) ?? new OracleRunner(pages, Vocabulary), options ?? Small, bytes, hashBits, draft: draft is null ? null : (model ?? Model, draft));

    /// <summary>Memory for some tokens of one sequence; where all layers have windows, for a few sequences of any length.</summary>
    public static long Bytes(OraclePages pages, int tokens) => new CacheNeeds(pages.Groups, pages.PageTokens).Bytes(tokens) * (HasWhole(pages) ? 1 : 6);

    /// <summary>Whether there are layers without a window.</summary>
    public static bool HasWhole(OraclePages pages) => pages.Groups.Any(group => group.Window is null);

    /// <summary>What a request gives by itself, without reuse, chunks or guesses.</summary>
    public static async Task<GenerationResult> AloneAsync(int?[] windows, GenerationRequest request, EngineModel? model = null, Func<int, int>? frequencies = null)
    {
        int longest = request.Prompt.Length + request.Options.MaximumNewTokens + 1;
        var pages = new OraclePages(4, windows);
        await using var engine = new GenerationEngine(
            model ?? Model, new OracleRunner(pages, Vocabulary, longest) { Frequencies = frequencies ?? (_ => 0) },
            new GenerationEngineOptions { ReusesPrefixes = false, StepTokens = longest, MaximumSequences = 1 }, 1L << 40);
        var options = new GenerationOptions
        {
            MaximumNewTokens = request.Options.MaximumNewTokens,
            MinimumNewTokens = request.Options.MinimumNewTokens,
            Temperature = request.Options.Temperature,
            Seed = request.Options.Seed,
            StopTokenIds = request.Options.StopTokenIds,
        };
        return await engine.GenerateAsync(request with { Options = options });
    }

    public static int[] Prompt(ref SplitMix64 random, int length)
    {
        var prompt = new int[length];
        for (int i = 0; i < length; i++) prompt[i] = random.NextInt(Vocabulary - 1);
        return prompt;
    }

    /// <summary>A prompt that begins with one of a few texts, so that requests have beginnings in common.</summary>
    public static int[] SharedPrompt(ref SplitMix64 random, int longest)
    {
        var common = new SplitMix64(77, random.NextInt(3));
        int[] start = Prompt(ref common, 60);
        int shared = random.NextInt(Math.Min(60, longest)), own = random.NextInt(Math.Max(1, longest - shared));
        return [.. start.AsSpan(0, shared), .. Prompt(ref random, Math.Max(1, own))];
    }

    public static GenerationRequest Request(ref SplitMix64 random, int longest = 60, int most = 30) => new()
    {
        Prompt = SharedPrompt(ref random, longest),
        Priority = random.NextInt(3),
        CacheSalt = random.NextInt(8) == 0 ? "other" : null,
        Options = new GenerationOptions
        {
            MaximumNewTokens = 1 + random.NextInt(most),
            Temperature = random.NextInt(2) == 0 ? 0 : 0.8,
            Seed = random.NextInt(1000),
            Speculation = random.NextInt(3) == 0 ? new SpeculationOptions { MaximumTokens = 1 + random.NextInt(6), ShortestMatch = 1 + random.NextInt(2) } : null,
        },
    };
}
