using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>What tells embedding models apart.</summary>
internal static class EmbeddingModels
{
    public static string NameOf(IEmbeddingGenerator generator, string? given) =>
        given ?? (generator.GetService(typeof(EmbeddingGeneratorMetadata)) as EmbeddingGeneratorMetadata)?.DefaultModelId
        ?? throw new ArgumentException(
            $"{generator.GetType().Name} does not say which model it has, which a run has to know when it is resumed: set {nameof(EmbeddingRetrieverOptions)}.{nameof(EmbeddingRetrieverOptions.Model)}.",
            nameof(generator));
}
