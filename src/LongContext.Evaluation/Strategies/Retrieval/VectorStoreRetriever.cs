using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using LongContext.Data.Examples;
using LongContext.Evaluation.Runs;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Finds passages by meaning with a vector store of Microsoft.Extensions.VectorData: a context is a collection, a passage a record of it.</summary>
/// <remarks>
/// <para>A collection is made the first time that a context is seen, all passages with it, and is used for all questions on that context; one of the same name that is
/// there from another time is deleted first. Of more than <see cref="VectorStoreRetrieverOptions.MaximumCollections"/> the one used longest ago is deleted. Disposing of the retriever deletes
/// what it made, and keeps the store.</para>
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
    private readonly Lock state = new();
    private readonly Dictionary<string, Shelf> shelves = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> leaving = new(StringComparer.Ordinal); // collections that are being deleted
    private readonly HashSet<string> remaining = new(StringComparer.Ordinal); // collections that could not be deleted
    private readonly CancellationTokenSource ends = new();
    private long uses;
    private bool disposed;

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
        this.embedding.Requests.Validate();
        SettingsFaults.Throw(nameof(VectorStoreRetrieverOptions), this.options.Faults(), nameof(options));
        model = EmbeddingModels.NameOf(generator, this.embedding.Model);
        embeddings = new EmbeddingCache(generator, model, this.embedding);
    }

    /// <inheritdoc />
    public string Name => embedding.Name;

    /// <inheritdoc />
    public string Identity =>
        $"vector store {store.GetType().Name}, {options.Identity}, embeddings {StrategyNames.Quoted(model)}, query {StrategyNames.Quoted(embedding.QueryPrefix)}, passage {StrategyNames.Quoted(embedding.PassagePrefix)}";

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">The store gave a record that is none of the passages, or the generator bad embeddings.</exception>
    /// <exception cref="ObjectDisposedException">The retriever was disposed of.</exception>
    public async ValueTask<ChunkRanking> RankAsync(ChunkQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (string.IsNullOrWhiteSpace(query.Text) || query.Chunks.All(chunk => string.IsNullOrWhiteSpace(chunk.Text))) return new ChunkRanking([]);
        string name = options.CollectionPrefix + NameOf(query.Chunks);
        Shelf shelf = Take(name, query.Chunks);
        try
        {
            return embedding.WithCost(new ChunkRanking(await SearchAsync(shelf, query, cancellationToken).ConfigureAwait(false)), query);
        }
        finally
        {
            await LeaveAsync(name, shelf, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Deletes the collections that it made.</summary>
    public async ValueTask DisposeAsync()
    {
        (string Name, Shelf Shelf)[] all;
        Task[] others;
        lock (state)
        {
            if (disposed) return;
            disposed = true;
            all = [.. shelves.Select(shelf => (shelf.Key, shelf.Value))];
            others = [.. leaving.Values];
            shelves.Clear();
        }

        await ends.CancelAsync().ConfigureAwait(false);
        foreach (Task other in others) await other.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach ((_, Shelf shelf) in all) await DeleteAsync(shelf).ConfigureAwait(false);
        string[] left;
        lock (state) left = [.. remaining];
        foreach (string name in left) await store.EnsureCollectionDeletedAsync(name).ConfigureAwait(false);
        ends.Dispose();
    }

    private async Task<List<RankedChunk>> SearchAsync(Shelf shelf, ChunkQuery query, CancellationToken cancellationToken)
    {
        // Who began to fill it does the work; the others wait.
        VectorStoreCollection<object, Dictionary<string, object?>> collection = shelf.BelongsTo(query)
            ? await shelf.Made.WaitAsync(cancellationToken).ConfigureAwait(false)
            : await WaitingTime.OfAsync(shelf.Made.WaitAsync(cancellationToken), embedding.Requests.TimeProvider).ConfigureAwait(false);
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

        return found;
    }

    /// <summary>The context's collection, which is filled where it is not there; whoever waits for it may give up without ending it for the others.</summary>
    private Shelf Take(string name, IReadOnlyList<TextChunk> chunks)
    {
        lock (state)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            // One that could not be filled is there yet where all who waited for it have gone before.
            if (!shelves.TryGetValue(name, out Shelf? shelf) || shelf.HasFailed)
            {
                Task? before = leaving.GetValueOrDefault(name);
                shelves[name] = shelf = new Shelf(chunks, Task.Run(() => FillAsync(name, chunks, before, ends.Token), CancellationToken.None));
            }

            shelf.Users++;
            return shelf;
        }
    }

    /// <summary>A collection that could not be filled is filled again for the next who asks; of those that nobody uses the one used longest ago goes where there are too many.</summary>
    private async ValueTask LeaveAsync(string name, Shelf shelf, CancellationToken cancellationToken)
    {
        Task<bool>? deletion = null;
        lock (state)
        {
            shelf.Users--;
            shelf.LastUse = ++uses;
            bool isCurrent = shelves.GetValueOrDefault(name) == shelf;
            if (isCurrent && shelf.HasFailed) shelves.Remove(name);
            if (shelves.Count > options.MaximumCollections
                && shelves.Where(entry => entry.Value is { Users: 0, Made.IsCompleted: true }).OrderBy(entry => entry.Value.LastUse).FirstOrDefault() is { Key: { } idle })
            {
                Shelf oldest = shelves[idle];
                shelves.Remove(idle);
                leaving[idle] = deletion = Task.Run(() => TryDeleteAsync(idle, oldest), CancellationToken.None);
            }
        }

        if (deletion is null) return;
        // The ranking is there, whatever comes of this; and it is no work of the item's.
        Task waiting = WaitingTime.OfAsync(
            deletion.WaitAsync(embedding.Requests.RequestTimeout, embedding.Requests.TimeProvider, cancellationToken), embedding.Requests.TimeProvider).AsTask();
        await waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<bool> TryDeleteAsync(string name, Shelf shelf)
    {
        bool isDeleted = false;
        try
        {
            await DeleteAsync(shelf).ConfigureAwait(false);
            isDeleted = true;
        }
#pragma warning disable CA1031 // Whatever a store throws: it is tried again in the end, and there it is told.
        catch (Exception)
#pragma warning restore CA1031
        {
        }

        lock (state)
        {
            leaving.Remove(name);
            if (!isDeleted) remaining.Add(name);
        }

        return isDeleted;
    }

    private static async Task DeleteAsync(Shelf shelf)
    {
        await ((Task)shelf.Made).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // One that was never filled is deleted when the context is seen again.
        if (!shelf.Made.IsCompletedSuccessfully) return;
        using VectorStoreCollection<object, Dictionary<string, object?>> collection = await shelf.Made.ConfigureAwait(false);
        await collection.EnsureCollectionDeletedAsync().ConfigureAwait(false);
    }

    private async Task<VectorStoreCollection<object, Dictionary<string, object?>>> FillAsync(string name, IReadOnlyList<TextChunk> chunks, Task? before, CancellationToken cancellationToken)
    {
        if (before is not null) await before.WaitAsync(cancellationToken).ConfigureAwait(false);
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

    /// <summary>A collection, and who uses it.</summary>
    private sealed class Shelf(IReadOnlyList<TextChunk> chunks, Task<VectorStoreCollection<object, Dictionary<string, object?>>> made)
    {
        public Task<VectorStoreCollection<object, Dictionary<string, object?>>> Made => made;

        public bool HasFailed => made is { IsCompleted: true, IsCompletedSuccessfully: false };

        public int Users { get; set; }

        public long LastUse { get; set; }

        public bool BelongsTo(ChunkQuery query) => ReferenceEquals(query.Chunks, chunks);
    }
}
