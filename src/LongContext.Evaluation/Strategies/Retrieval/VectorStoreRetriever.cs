using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using LongContext.Data.Examples;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Finds passages by meaning with a vector store of Microsoft.Extensions.VectorData: a context is a collection, a passage a record of it.</summary>
/// <remarks>
/// <para>A collection is made the first time that a context is seen, all passages with it, and is used for all questions on that context; one of the same name that is
/// there from another time is deleted first. Disposing of the retriever deletes what it made, and keeps the store.</para>
/// <para>Records have the properties Key, Number (an int: which passage), Text and Embedding (<c>ReadOnlyMemory&lt;float&gt;</c>, cosine similarity or
/// what <see cref="VectorStoreRetrieverOptions.DistanceFunction"/> says). The store's order counts; its scores are handed on as they are.</para>
/// </remarks>
public sealed class VectorStoreRetriever : IChunkRetriever, IAsyncDisposable
{
    private const string KeyName = "Key", NumberName = "Number", TextName = "Text", EmbeddingName = "Embedding";

    private readonly VectorStore store;
    private readonly EmbeddingRetrieverOptions embedding;
    private readonly VectorStoreRetrieverOptions options;
    private readonly EmbeddingCache embeddings;
    private readonly string model;
    private readonly ConcurrentDictionary<string, Lazy<Task<VectorStoreCollection<object, Dictionary<string, object?>>>>> collections = new();

    /// <summary>A retriever.</summary>
    /// <param name="store">Where the passages go; not disposed of.</param>
    /// <param name="generator">Makes embeddings; not disposed of.</param>
    /// <param name="embedding">How passages and questions are embedded, or null for the defaults.</param>
    /// <param name="options">How they are stored, or null for the defaults.</param>
    /// <exception cref="ArgumentException">Options out of range, or nobody says which embedding model it is.</exception>
    public VectorStoreRetriever(
        VectorStore store, IEmbeddingGenerator<string, Embedding<float>> generator, EmbeddingRetrieverOptions? embedding = null, VectorStoreRetrieverOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(generator);
        this.store = store;
        this.embedding = embedding ?? new() { Name = "vector store" };
        this.options = options ?? new();
        SettingsFaults.Throw(nameof(EmbeddingRetrieverOptions), this.embedding.Faults(), nameof(embedding));
        SettingsFaults.Throw(nameof(VectorStoreRetrieverOptions), this.options.Faults(), nameof(options));
        model = EmbeddingModels.NameOf(generator, this.embedding.Model);
        embeddings = new EmbeddingCache(generator, this.embedding.BatchSize, this.embedding.CacheCapacity);
    }

    /// <inheritdoc />
    public string Name => embedding.Name;

    /// <inheritdoc />
    public string Identity =>
        $"vector store {store.GetType().Name}, {options.Identity}, embeddings {StrategyNames.Quoted(model)}, query {StrategyNames.Quoted(embedding.QueryPrefix)}, passage {StrategyNames.Quoted(embedding.PassagePrefix)}";

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">The store gave a record that is none of the passages, or the generator bad embeddings.</exception>
    public async ValueTask<ChunkRanking> RankAsync(ChunkQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (string.IsNullOrWhiteSpace(query.Text) || query.Chunks.All(chunk => string.IsNullOrWhiteSpace(chunk.Text))) return new ChunkRanking([]);
        VectorStoreCollection<object, Dictionary<string, object?>> collection = await CollectionAsync(query.Chunks, cancellationToken).ConfigureAwait(false);
        float[] question = (await embeddings.GetAsync([embedding.QueryPrefix + query.Text], cancellationToken).ConfigureAwait(false))[0];
        List<RankedChunk> found = [];
        HashSet<int> seen = [];
        await foreach (VectorSearchResult<Dictionary<string, object?>> result in
            collection.SearchAsync(new ReadOnlyMemory<float>(question), query.Count, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            int number = Convert.ToInt32(result.Record.GetValueOrDefault(NumberName) ?? -1, CultureInfo.InvariantCulture);
            if (number < 0 || number >= query.Chunks.Count)
                throw new InvalidOperationException($"The collection {collection.Name} gave a record with {NumberName} {number}, expected 0 to {query.Chunks.Count - 1}.");
            if (seen.Add(number) && found.Count < query.Count) found.Add(new RankedChunk(number, result.Score ?? double.NaN));
        }

        return new ChunkRanking(found);
    }

    /// <summary>Deletes the collections that it made.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (string name in collections.Keys)
        {
            if (!collections.TryRemove(name, out var made) || !made.IsValueCreated) continue;
            try
            {
                using VectorStoreCollection<object, Dictionary<string, object?>> collection = await made.Value.ConfigureAwait(false);
                await collection.EnsureCollectionDeletedAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // It was never filled, and is deleted when the context is seen again.
            }
        }
    }

    private async ValueTask<VectorStoreCollection<object, Dictionary<string, object?>>> CollectionAsync(IReadOnlyList<TextChunk> chunks, CancellationToken cancellationToken)
    {
        string name = options.CollectionPrefix + NameOf(chunks);
        while (true)
        {
            Lazy<Task<VectorStoreCollection<object, Dictionary<string, object?>>>> made = collections.GetOrAdd(name, _ => new(() => FillAsync(name, chunks, cancellationToken)));
            try
            {
                return await made.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                collections.TryRemove(KeyValuePair.Create(name, made));
                // Another's cancellation is not this caller's.
                if (exception is not OperationCanceledException || cancellationToken.IsCancellationRequested) throw;
            }
        }
    }

    private async Task<VectorStoreCollection<object, Dictionary<string, object?>>> FillAsync(string name, IReadOnlyList<TextChunk> chunks, CancellationToken cancellationToken)
    {
        TextChunk[] kept = [.. chunks.Where(chunk => !string.IsNullOrWhiteSpace(chunk.Text))];
        float[][] vectors = await embeddings.GetAsync([.. kept.Select(chunk => embedding.PassagePrefix + chunk.Text)], cancellationToken).ConfigureAwait(false);
        VectorStoreCollection<object, Dictionary<string, object?>> collection = store.GetDynamicCollection(name, new VectorStoreCollectionDefinition
        {
            Properties =
            [
                new VectorStoreKeyProperty(KeyName, options.KeyType),
                new VectorStoreDataProperty(NumberName, typeof(int)),
                new VectorStoreDataProperty(TextName, typeof(string)),
                new VectorStoreVectorProperty(EmbeddingName, typeof(ReadOnlyMemory<float>), vectors[0].Length) { DistanceFunction = options.DistanceFunction },
            ],
        });
        await collection.EnsureCollectionDeletedAsync(cancellationToken).ConfigureAwait(false);
        await collection.EnsureCollectionExistsAsync(cancellationToken).ConfigureAwait(false);
        foreach (int[] batch in Enumerable.Range(0, kept.Length).Chunk(embedding.BatchSize))
        {
            await collection.UpsertAsync(
                [.. batch.Select(i => new Dictionary<string, object?>
                {
                    [KeyName] = options.KeyOf(kept[i].Index),
                    [NumberName] = kept[i].Index,
                    [TextName] = kept[i].Text,
                    [EmbeddingName] = new ReadOnlyMemory<float>(vectors[i]),
                })], cancellationToken).ConfigureAwait(false);
        }

        return collection;
    }

    /// <summary>Of the passages and of all that decides how they are kept, so that retrievers of other settings may share a store.</summary>
    private string NameOf(IReadOnlyList<TextChunk> chunks)
    {
        XxHash128 hash = new();
        hash.Append(MemoryMarshal.AsBytes(Identity.AsSpan()));
        foreach (TextChunk chunk in chunks)
        {
            hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>([chunk.Start, chunk.Text.Length])));
            hash.Append(MemoryMarshal.AsBytes(chunk.Text.AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
