using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.VectorData;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>A vector store in memory: collections of records that are dictionaries, compared by cosine.</summary>
internal sealed class MemoryVectorStore : VectorStore
{
    public ConcurrentDictionary<string, Dictionary<object, Dictionary<string, object?>>> Collections { get; } = [];

    public VectorStoreCollectionDefinition? Definition { get; private set; }

    public int Upserts { get; set; }

    /// <summary>What comes before a collection that is there is deleted, or null.</summary>
    public Func<Task>? BeforeDeleting { get; set; }

    public override VectorStoreCollection<object, Dictionary<string, object?>> GetDynamicCollection(string name, VectorStoreCollectionDefinition definition)
    {
        Definition = definition;
        return new Collection(this, name);
    }

    public override VectorStoreCollection<TKey, TRecord> GetCollection<TKey, TRecord>(string name, VectorStoreCollectionDefinition? definition = null) => throw new NotSupportedException();

    public override IAsyncEnumerable<string> ListCollectionNamesAsync(CancellationToken cancellationToken = default) => Collections.Keys.ToAsyncEnumerable();

    public override Task<bool> CollectionExistsAsync(string name, CancellationToken cancellationToken = default) => Task.FromResult(Collections.ContainsKey(name));

    public override async Task EnsureCollectionDeletedAsync(string name, CancellationToken cancellationToken = default)
    {
        if (BeforeDeleting is { } before && Collections.ContainsKey(name)) await before();
        Collections.TryRemove(name, out _);
    }

    public override object? GetService(Type serviceType, object? serviceKey = null) => null;

    private sealed class Collection(MemoryVectorStore store, string name) : VectorStoreCollection<object, Dictionary<string, object?>>
    {
        public override string Name => name;

        public override Task<bool> CollectionExistsAsync(CancellationToken cancellationToken = default) => store.CollectionExistsAsync(name, cancellationToken);

        public override Task EnsureCollectionExistsAsync(CancellationToken cancellationToken = default) => Task.FromResult(store.Collections.TryAdd(name, []));

        public override Task EnsureCollectionDeletedAsync(CancellationToken cancellationToken = default) => store.EnsureCollectionDeletedAsync(name, cancellationToken);

        public override Task UpsertAsync(Dictionary<string, object?> record, CancellationToken cancellationToken = default) => UpsertAsync([record], cancellationToken);

        public override Task UpsertAsync(IEnumerable<Dictionary<string, object?>> records, CancellationToken cancellationToken = default)
        {
            store.Upserts++;
            foreach (Dictionary<string, object?> record in records) store.Collections[name][record["Key"]!] = record;
            return Task.CompletedTask;
        }

        public override async IAsyncEnumerable<VectorSearchResult<Dictionary<string, object?>>> SearchAsync<TInput>(
            TInput searchValue, int top, VectorSearchOptions<Dictionary<string, object?>>? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            ReadOnlyMemory<float> query = (ReadOnlyMemory<float>)(object)searchValue;
            foreach ((Dictionary<string, object?> record, double score) in store.Collections[name].Values
                .Select(record => (record, Cosine(query, (ReadOnlyMemory<float>)record["Embedding"]!))).OrderByDescending(pair => pair.Item2).Take(top))
            {
                yield return new VectorSearchResult<Dictionary<string, object?>>(record, score);
            }
        }

        public override Task<Dictionary<string, object?>?> GetAsync(object key, RecordRetrievalOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public override IAsyncEnumerable<Dictionary<string, object?>> GetAsync(
            Expression<Func<Dictionary<string, object?>, bool>> filter, int top, FilteredRecordRetrievalOptions<Dictionary<string, object?>>? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public override Task DeleteAsync(object key, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public override object? GetService(Type serviceType, object? serviceKey = null) => null;

        private static double Cosine(ReadOnlyMemory<float> a, ReadOnlyMemory<float> b) => a.ToArray().Zip(b.ToArray(), (x, y) => (double)x * y).Sum();
    }
}
