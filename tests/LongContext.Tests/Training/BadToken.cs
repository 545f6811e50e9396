using LongContext.Models;
using LongContext.Packing;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>Data that makes a step's loss NaN, and nothing else: a token whose embedding is damaged.</summary>
internal static class BadToken
{
    public const int Id = TinyModels.Vocabulary - 1;

    public static void Poison(CausalLanguageModel model)
    {
        using var scope = NewDisposeScope();
        model.Parameters["model.embed_tokens.weight"][Id, 0] = double.NaN;
    }

    /// <summary>A pack that holds the token; others must not.</summary>
    public static PackedBatch Pack(int seed = 77) => PackedBatch.Create([new TokenSequence((int[])[.. Good(6, seed), Id, .. Good(6, seed + 1)])]);

    /// <summary>A pack without it.</summary>
    public static PackedBatch GoodPack(int seed, int length = 16) => PackedBatch.Create([new TokenSequence(Good(length, seed))]);

    private static int[] Good(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(3, Id))];
    }
}
