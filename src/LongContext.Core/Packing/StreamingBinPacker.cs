namespace LongContext.Packing;

/// <summary>
/// Packs a stream of lengths without end: it looks ahead over a window, packs what it holds, hands out the bins that are well filled and
/// lets the rest wait for the next window. It is what <see cref="StreamingPacker"/> does with documents, for those who have only their lengths.
/// </summary>
/// <remarks>
/// Add lengths, take bins whenever there are some, and at the end of the stream complete it and take the rest: nothing is lost. Deterministic:
/// over the lengths of a stream's documents, and under the same options, the bins are the packs of <see cref="StreamingPacker"/>. Bins that are
/// not taken stay in memory.
/// </remarks>
public sealed class StreamingBinPacker
{
    private readonly StreamingPackerOptions options;
    private readonly Queue<ReadOnlyMemory<long>> ready = new();
    private int[] lengths = new int[1024];
    private int[] waited = new int[1024];
    private long[] numbers = new long[1024];
    private int waiting;
    private long waitingTokens;
    private long added, windows;
    private (long Packs, long Items, long Tokens) given;
    private bool completed;

    /// <summary>Makes a packer.</summary>
    /// <param name="options">What to pack for; the loss's weighting is of no account, and sorted batches are not to be had.</param>
    /// <exception cref="ArgumentException">
    /// An option is out of its range, longer sequences are to be cut or left out (a length alone cannot be), or sorted batches are asked for.
    /// </exception>
    public StreamingBinPacker(StreamingPackerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<string> faults = options.Faults();
        if (options.Overlength != OverlengthPolicy.Refuse) faults.Add($"{nameof(options.Overlength)} is {options.Overlength}, expected {OverlengthPolicy.Refuse}");
        if (options.SortedBatchSize is { } size) faults.Add($"{nameof(options.SortedBatchSize)} is {size}, expected none: lengths are packed");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(StreamingPackerOptions)}: {string.Join("; ", faults)}.", nameof(options));
        this.options = options;
    }

    /// <summary>What was packed into bins so far (taken or not), and how many lengths were added.</summary>
    public PackingReport Report => new()
    {
        Packs = given.Packs,
        Documents = given.Items,
        Tokens = given.Tokens,
        Capacity = given.Packs * options.ContextLength,
        Sequences = added,
    };

    /// <summary>Adds a length.</summary>
    /// <param name="length">From 1 to the context length.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is out of that range; nothing was added.</exception>
    /// <exception cref="InvalidOperationException">The stream was completed.</exception>
    public void Add(int length)
    {
        if (completed) throw new InvalidOperationException("The stream was completed: nothing comes after its end.");
        if (length < 1 || length > options.ContextLength)
        {
            throw new ArgumentOutOfRangeException(
                nameof(length), length, $"Item {added} has length {length}, expected 1 to the context length of {options.ContextLength}.");
        }

        if (waiting == lengths.Length)
        {
            Array.Resize(ref lengths, 2 * waiting);
            Array.Resize(ref waited, 2 * waiting);
            Array.Resize(ref numbers, 2 * waiting);
        }

        (lengths[waiting], waited[waiting], numbers[waiting]) = (length, 0, added++);
        waiting++;
        waitingTokens += length;
        if (waitingTokens >= options.EffectiveWindowTokens || (waiting >= options.WindowDocuments && waitingTokens >= 2L * options.ContextLength)) PackWindow();
    }

    /// <summary>Adds lengths.</summary>
    /// <param name="more">Each from 1 to the context length.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length is out of that range; those before it were added.</exception>
    /// <exception cref="InvalidOperationException">The stream was completed.</exception>
    public void Add(ReadOnlySpan<int> more)
    {
        foreach (int length in more) Add(length);
    }

    /// <summary>Ends the stream: all that waits is packed and can be taken.</summary>
    public void Complete()
    {
        if (completed) return;
        completed = true;
        if (waiting > 0) PackWindow();
    }

    /// <summary>Takes the next bin.</summary>
    /// <param name="items">Its items' numbers, from 0 in the order they were added; yours to keep.</param>
    /// <returns>False where there is none: more lengths are needed, or the stream is at its end.</returns>
    public bool TryTake(out ReadOnlyMemory<long> items) => ready.TryDequeue(out items);

    private void PackWindow()
    {
        WindowBins bins = WindowBins.Pack(lengths.AsSpan(0, waiting), waited.AsSpan(0, waiting), options, completed, windows++);
        int count = 0;
        foreach (int bin in bins.Chosen) count += bins.Bins[bin].Length;
        long[] handed = new long[count];
        int end = 0;
        foreach (int bin in bins.Chosen)
        {
            int start = end;
            foreach (int item in bins.Bins[bin])
            {
                handed[end++] = numbers[item];
                given.Tokens += lengths[item];
                waitingTokens -= lengths[item];
                lengths[item] = 0; // gone
            }

            ready.Enqueue(handed.AsMemory(start, end - start));
            given.Packs++;
            given.Items += end - start;
        }

        int left = 0;
        for (int i = 0; i < waiting; i++)
        {
            if (lengths[i] == 0) continue;
            (lengths[left], waited[left], numbers[left]) = (lengths[i], waited[i] + 1, numbers[i]);
            left++;
        }

        waiting = left;
    }
}
