using System.Collections.Concurrent;
using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Embeddings by a function of the text; counts how often each was asked for.</summary>
internal sealed class FakeEmbeddings(Func<string, float[]> embed, string? model = "fake") : IEmbeddingGenerator<string, Embedding<float>>
{
    public ConcurrentDictionary<string, int> Asked { get; } = new();

    public ConcurrentBag<int> Batches { get; } = [];

    public Func<Task>? Before { get; set; }

    /// <summary>A count of each of the letters a to h.</summary>
    public static FakeEmbeddings Letters() => new(text => [.. Enumerable.Range('a', 8).Select(letter => (float)text.Count(c => c == letter))]);

    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        string[] texts = [.. values];
        if (Before is { } before) await before().WaitAsync(cancellationToken);
        Batches.Add(texts.Length);
        foreach (string text in texts) Asked.AddOrUpdate(text, 1, (_, count) => count + 1);
        return [.. texts.Select(text => new Embedding<float>(embed(text)))];
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(EmbeddingGeneratorMetadata) && model is not null ? new EmbeddingGeneratorMetadata("fake", null, model) : null;

    public void Dispose()
    {
    }
}
