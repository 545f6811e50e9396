using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Embeddings of length 1 by text: each text is embedded once while it is kept, also where several ask for it at the same time.</summary>
internal sealed class EmbeddingCache(IEmbeddingGenerator<string, Embedding<float>> generator, int batchSize, int capacity)
{
    private readonly Lock state = new();
    private readonly Dictionary<UInt128, Entry> entries = [];
    private readonly Queue<UInt128> order = new();
    private int dimensions;

    /// <summary>The embedding of every text; an empty array for a blank one.</summary>
    public async ValueTask<float[][]> GetAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        Task<float[]?>[] found = new Task<float[]?>[texts.Count];
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
                // Null: whoever embedded it was cancelled or failed. Then it is for this caller to try.
                if (await found[i].WaitAsync(cancellationToken).ConfigureAwait(false) is { } vector) vectors[i] = vector;
                else isComplete = false;
            }
        }

        return vectors;
    }

    private async ValueTask EmbedAsync(List<(UInt128 Key, string Text, Entry Entry)> texts, CancellationToken cancellationToken)
    {
        int done = 0;
        try
        {
            foreach ((UInt128 Key, string Text, Entry Entry)[] batch in texts.Chunk(batchSize))
            {
                GeneratedEmbeddings<Embedding<float>> made = await generator.GenerateAsync(batch.Select(item => item.Text), null, cancellationToken).ConfigureAwait(false);
                if (made.Count != batch.Length)
                    throw new InvalidOperationException($"The embedding generator was given {batch.Length} texts and gave back {made.Count} embeddings.");
                float[][] vectors = [.. made.Select(embedding => Normalized(embedding.Vector.Span))];
                for (int i = 0; i < batch.Length; i++, done++)
                {
                    batch[i].Entry.Result.SetResult(vectors[i]);
                    Keep(batch[i].Key);
                }
            }
        }
        finally
        {
            if (done < texts.Count) GiveUp(texts.Skip(done));
        }
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
            while (order.Count > capacity) entries.Remove(order.Dequeue());
        }
    }

    private void GiveUp(IEnumerable<(UInt128 Key, string Text, Entry Entry)> texts)
    {
        lock (state)
        {
            foreach ((UInt128 key, _, _) in texts) entries.Remove(key);
        }

        foreach ((_, _, Entry entry) in texts) entry.Result.TrySetResult(null);
    }

    private sealed class Entry
    {
        public TaskCompletionSource<float[]?> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
