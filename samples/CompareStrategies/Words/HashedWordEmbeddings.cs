using Microsoft.Extensions.AI;

namespace LongContext.Samples.CompareStrategies.Words;

/// <summary>
/// A stand-in for an embedding model that needs no network and no weights: every word adds 1 to one of a few hundred places, which its letters decide. It knows words, not
/// meanings, and words that share a place are the same to it. For text of yours take a real one.
/// </summary>
internal sealed class HashedWordEmbeddings : IEmbeddingGenerator<string, Embedding<float>>
{
    private const int Places = 512;
    private static readonly EmbeddingGeneratorMetadata Metadata = new("hashed words", defaultModelId: "hashed words 512", defaultModelDimensions: Places);

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(values.Select(text => new Embedding<float>(Embed(text)))));

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(EmbeddingGeneratorMetadata) ? Metadata : null;

    public void Dispose()
    {
    }

    private static float[] Embed(string text)
    {
        float[] places = new float[Places];
        foreach (string word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) places[Hash(word) % Places]++;
        return places;
    }

    /// <summary>FNV-1a: the same on every machine and in every run, which string.GetHashCode is not.</summary>
    private static uint Hash(string word)
    {
        uint hash = 2_166_136_261;
        foreach (char letter in word) hash = unchecked((hash ^ letter) * 16_777_619);
        return hash;
    }
}
