using System.Globalization;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Options of a <see cref="VectorStoreRetriever"/>.</summary>
public sealed record VectorStoreRetrieverOptions
{
    private static readonly Type[] KeyTypes = [typeof(Guid), typeof(string), typeof(int), typeof(long), typeof(ulong)];

    /// <summary>
    /// The type of keys, which stores differ in: <see cref="Guid"/> (the default), <see cref="string"/>, <see cref="int"/>, <see cref="long"/> or <see cref="ulong"/>.
    /// </summary>
    public Type KeyType { get; init; } = typeof(Guid);

    /// <summary>What collections' names begin with; 32 hexadecimal digits follow. Default: "longcontext_".</summary>
    public string CollectionPrefix { get; init; } = "longcontext_";

    /// <summary>How the store compares embeddings, a name of Microsoft.Extensions.VectorData.DistanceFunction, or null for the store's own. Default: cosine similarity.</summary>
    public string? DistanceFunction { get; init; } = "CosineSimilarity";

    /// <summary>Contexts whose collections are kept in the store at a time, at least 1, as far as they are not in use. Default: 64.</summary>
    public int MaximumCollections { get; init; } = 64;

    internal string Identity => $"distance {DistanceFunction ?? "its own"}";

    internal object KeyOf(int number) =>
        KeyType == typeof(string) ? number.ToString("D8", CultureInfo.InvariantCulture)
        : KeyType == typeof(int) ? number
        : KeyType == typeof(long) ? (long)number
        : KeyType == typeof(ulong) ? (ulong)number
        : new Guid(number, 0x4C43, 0x4332, [0x80, 0, 0, 0, 0, 0, 0, 1]);

    internal IEnumerable<string> Faults()
    {
        if (!KeyTypes.Contains(KeyType)) yield return $"{nameof(KeyType)} is {KeyType?.Name ?? "null"}, expected Guid, string, int, long or ulong";
        if (MaximumCollections < 1) yield return $"{nameof(MaximumCollections)} is {MaximumCollections}, expected at least 1";
        if (string.IsNullOrWhiteSpace(CollectionPrefix)) yield return $"{nameof(CollectionPrefix)} is empty";
    }
}
