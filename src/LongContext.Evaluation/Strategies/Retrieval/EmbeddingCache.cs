using System.IO.Hashing;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using LongContext.Evaluation.Runs;
using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Embeddings of length 1 by text: each text is embedded once while it is kept, in memory or in a file, also where several ask for it at the same time.</summary>
internal sealed class EmbeddingCache(IEmbeddingGenerator<string, Embedding<float>> generator, string model, EmbeddingRetrieverOptions options)
{
    private readonly EmbeddingSender sender = new(generator, model, options.Requests);
    private readonly EmbeddingFile? file = options.CacheFile is { } path ? new(Path.GetFullPath(path), model) : null;
    private readonly Lock state = new();
    private readonly Dictionary<UInt128, Entry> entries = [];
    private readonly Queue<UInt128> order = new();
    private int dimensions;

    /// <summary>The embedding of every text; an empty array for a blank one.</summary>
    public async ValueTask<float[][]> GetAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        Task<Embedded>[] found = new Task<Embedded>[texts.Count];
        float[][] vectors = new float[texts.Count][];
        for (bool isComplete = false; !isComplete;)
        {
            List<(UInt128 Key, string Text, Entry Entry)> mine = [];
            lock (state)
            {
                for (int i = 0; i < texts.Count; i++)
                {
                    if (vectors[i] is not null) continue;
                    if (string.IsNullOrWhiteSpace(texts[i]))
                    {
                        vectors[i] = [];
                        continue;
                    }

                    UInt128 key = XxHash128.HashToUInt128(MemoryMarshal.AsBytes(texts[i].AsSpan()));
                    if (!entries.TryGetValue(key, out Entry? entry))
                    {
                        entries[key] = entry = new Entry();
                        mine.Add((key, texts[i], entry));
                    }

                    found[i] = entry.Result.Task;
                }
            }

            await EmbedAsync(mine, cancellationToken).ConfigureAwait(false);
            isComplete = true;
            for (int i = 0; i < texts.Count; i++)
            {
                if (vectors[i] is not null) continue;
                Embedded embedded = await WaitingTime.OfAsync(found[i].WaitAsync(cancellationToken), options.Requests.TimeProvider).ConfigureAwait(false);
                embedded.Fault?.Throw();
                // Neither: whoever embedded it was cancelled, or one of its texts was at fault. Then it is for this caller to try.
                if (embedded.Vector is { } vector) vectors[i] = vector;
                else isComplete = false;
            }
        }

        return vectors;
    }

    private async ValueTask EmbedAsync(List<(UInt128 Key, string Text, Entry Entry)> texts, CancellationToken cancellationToken)
    {
        try
        {
            List<(UInt128 Key, string Text, Entry Entry)> missing = [];
            float[]?[]? kept = file?.Find([.. texts.Select(item => item.Key)]);
            for (int i = 0; i < texts.Count; i++)
            {
                if (kept?[i] is { } vector) Complete(texts[i].Key, texts[i].Entry, vector);
                else missing.Add(texts[i]);
            }

            foreach ((UInt128 Key, string Text, Entry Entry)[] batch in missing.Chunk(options.BatchSize))
            {
                GeneratedEmbeddings<Embedding<float>> made = await sender.EmbedAsync([.. batch.Select(item => item.Text)], batch[0].Key, cancellationToken).ConfigureAwait(false);
                if (made.Count != batch.Length)
                    throw new InvalidOperationException($"The embedding generator was given {batch.Length} texts and gave back {made.Count} embeddings.");
                float[][] vectors = [.. made.Select(embedding => Normalized(embedding.Vector.Span))];
                // Kept before anybody has them: what was paid for is not asked for again.
                file?.Add([.. batch.Zip(vectors, (item, vector) => (item.Key, vector))]);
                for (int i = 0; i < batch.Length; i++) Complete(batch[i].Key, batch[i].Entry, vectors[i]);
            }
        }
        catch (Exception exception)
        {
            // What a server that is gone says to one holds for all that wait for it: they would wait in vain, one after another.
            bool isShared = !cancellationToken.IsCancellationRequested && RequestFaults.Classify(exception, options.Requests.IsTransient) is FaultKind.Transient or FaultKind.Model;
            GiveUp(texts.Where(item => !item.Entry.Result.Task.IsCompleted), isShared ? ExceptionDispatchInfo.Capture(exception) : null);
            throw;
        }
    }

    private void Complete(UInt128 key, Entry entry, float[] vector)
    {
        entry.Result.SetResult(new Embedded(vector, null));
        Keep(key);
    }

    private float[] Normalized(ReadOnlySpan<float> vector)
    {
        int expected = Interlocked.CompareExchange(ref dimensions, vector.Length, 0);
        if (vector.Length == 0 || (expected != 0 && expected != vector.Length))
            throw new InvalidOperationException($"The embedding generator gave an embedding of {vector.Length} dimensions{(expected != 0 ? $" after those of {expected}" : "")}.");
        double squares = 0;
        foreach (float value in vector) squares += (double)value * value;
        if (!double.IsFinite(squares)) throw new InvalidOperationException("The embedding generator gave an embedding with a value that is not a number.");
        float[] unit = new float[vector.Length];
        // An embedding of nothing but zeros has no direction: it is like none of the others.
        if (squares > 0)
        {
            double length = Math.Sqrt(squares);
            for (int i = 0; i < unit.Length; i++) unit[i] = (float)(vector[i] / length);
        }

        return unit;
    }

    private void Keep(UInt128 key)
    {
        lock (state)
        {
            order.Enqueue(key);
            while (order.Count > options.CacheCapacity) entries.Remove(order.Dequeue());
        }
    }

    private void GiveUp(IEnumerable<(UInt128 Key, string Text, Entry Entry)> texts, ExceptionDispatchInfo? fault)
    {
        (UInt128 Key, string Text, Entry Entry)[] all = [.. texts];
        lock (state)
        {
            foreach ((UInt128 key, _, _) in all) entries.Remove(key);
        }

        foreach ((_, _, Entry entry) in all) entry.Result.TrySetResult(new Embedded(null, fault));
    }

    private readonly record struct Embedded(float[]? Vector, ExceptionDispatchInfo? Fault);

    private sealed class Entry
    {
        public TaskCompletionSource<Embedded> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
