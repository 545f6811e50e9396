using LongContext.Cpu.Attention;
using LongContext.Cpu.Memory;
using LongContext.Positions;

namespace LongContext.Generation.Running;

/// <summary>
/// What all layers of a step need to know, outside the managed heap: ids, positions, the rows whose logits are wanted, addresses of pages, and positions under
/// remappings. Its memory is kept from step to step.
/// </summary>
internal sealed unsafe class CpuStep(CacheGroups groups, CpuPageStore store, CpuKeyMaps keyMaps) : IDisposable
{
    private readonly NativeBuffer integers = new();
    private readonly NativeBuffer tables = new();
    private readonly NativeBuffer remapped = new();
    private readonly NativeBuffer pieces = new();
    private int[] tableStarts = [];
    private int[] remappedStarts = [];
    private int* remappedRows;

    /// <summary>Tokens.</summary>
    public int Tokens { get; private set; }

    /// <summary>Rows whose logits are wanted.</summary>
    public int Wanted { get; private set; }

    /// <summary>Whether any sequence's positions are remapped.</summary>
    public bool Remaps { get; private set; }

    /// <summary>[tokens]</summary>
    public int* Ids { get; private set; }

    /// <summary>[tokens]: in the sequence.</summary>
    public int* Positions { get; private set; }

    /// <summary>[tokens]: 0, 1, …</summary>
    public int* Numbers { get; private set; }

    /// <summary>[wanted]: which tokens.</summary>
    public int* WantedNumbers { get; private set; }

    /// <summary>[wanted]: their positions.</summary>
    public int* WantedPositions { get; private set; }

    /// <summary>[tokens]: positions of queries where they look at sinks.</summary>
    public int* SinkPositions { get; private set; }

    /// <summary>[wanted]: the same.</summary>
    public int* WantedSinkPositions { get; private set; }

    /// <summary>Whether any token has sinks at another distance than in the text.</summary>
    public bool MovesSinks { get; private set; }

    /// <summary>Room for a piece of each sequence.</summary>
    public AttentionSequence* Pieces { get; private set; }

    /// <summary>Room for a piece of each sequence.</summary>
    public KeyViews* Views { get; private set; }

    /// <summary>Reads a step.</summary>
    public void Prepare(StepBatch batch, CpuRotary[] rotaries)
    {
        (Tokens, Wanted) = (batch.TokenCount, batch.LogitCount);
        ReadOnlySpan<StepSequence> sequences = batch.Sequences;
        Pieces = (AttentionSequence*)pieces.Ensure(sequences.Length * (long)(sizeof(AttentionSequence) + sizeof(KeyViews)));
        Views = (KeyViews*)(Pieces + sequences.Length);
        Ids = (int*)integers.Ensure(7L * batch.MaximumTokens * sizeof(int));
        Positions = Ids + batch.MaximumTokens;
        Numbers = Positions + batch.MaximumTokens;
        WantedNumbers = Numbers + batch.MaximumTokens;
        WantedPositions = WantedNumbers + batch.MaximumTokens;
        SinkPositions = WantedPositions + batch.MaximumTokens;
        WantedSinkPositions = SinkPositions + batch.MaximumTokens;
        MovesSinks = false;
        batch.Tokens.CopyTo(new Span<int>(Ids, Tokens));
        int longest = 0, wanted = 0;
        foreach (ref readonly StepSequence sequence in sequences)
        {
            longest = Math.Max(longest, sequence.CachedTokens + sequence.TokenCount);
            for (int i = 0; i < sequence.TokenCount; i++)
            {
                int row = sequence.TokenStart + i;
                int position = sequence.CachedTokens + i, sinks = sequence.Sinks?.QueryPosition(position) ?? position;
                (Positions[row], Numbers[row], SinkPositions[row]) = (position, row, sinks);
                MovesSinks |= sinks != position;
                if (i < sequence.TokenCount - sequence.LogitCount) continue;
                (WantedNumbers[wanted], WantedPositions[wanted], WantedSinkPositions[wanted]) = (row, position, sinks);
                wanted++;
            }
        }

        FindPages(sequences);
        longest = Math.Max(longest, FindViews(sequences));
        foreach (CpuRotary rotary in rotaries)
        {
            if (rotary.DependsOnLength) rotary.FillFor(sequences, new ReadOnlySpan<int>(Positions, Tokens));
            else rotary.Reserve(longest);
        }
    }

    /// <summary>Addresses of a sequence's pages in a group, by their index in the sequence.</summary>
    public nint* PagesOf(int group, int sequence) => (nint*)tables.Ensure(0) + tableStarts[(sequence * store.Groups.Count) + group];

    /// <summary>Where a sequence's first new token lies in a group, counted in its pages.</summary>
    public int Slot(int group, in StepSequence sequence) => groups.Windows[group] is null ? sequence.CachedTokens - sequence.Dropped : sequence.CachedTokens;

    /// <summary>The views of some of a remapped sequence's rows.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="index">Its number in the step.</param>
    /// <param name="firstRow">First of the rows, counted in the sequence's.</param>
    /// <param name="rotary">The layer's rotation.</param>
    public KeyViews ViewsOf(in StepSequence sequence, int index, int firstRow, CpuRotary rotary)
    {
        PositionRemapping remapping = sequence.Remapping!;
        int views = remapping.ViewCount, rows = sequence.TokenCount;
        int* start = remappedRows + remappedStarts[index];
        var keys = (nint*)start;
        for (int view = 0; view < views; view++) keys[view] = keyMaps.Table(remapping, remapping.KeyMapOf(view));
        int* numbers = start + (2 * views) + firstRow;
        return new KeyViews
        {
            ViewCount = views, RowCount = rows, KeyPositions = keys,
            QueryPositions = numbers, VisibleStarts = numbers + (views * rows), VisibleEnds = numbers + (2 * views * rows),
            Cosines = rotary.Cosines, Sines = rotary.Sines, RotaryHalf = rotary.Half,
        };
    }

    /// <inheritdoc />
    public void Dispose()
    {
        integers.Dispose();
        tables.Dispose();
        remapped.Dispose();
        pieces.Dispose();
        keyMaps.Dispose();
    }

    private void FindPages(ReadOnlySpan<StepSequence> sequences)
    {
        int count = store.Groups.Count, total = 0;
        if (tableStarts.Length < sequences.Length * count) tableStarts = new int[sequences.Length * count];
        for (int i = 0; i < sequences.Length; i++)
        {
            for (int group = 0; group < count; group++)
            {
                tableStarts[(i * count) + group] = total;
                total += PageCount(sequences[i]);
            }
        }

        var addresses = (nint*)tables.Ensure(total * (long)sizeof(nint));
        for (int i = 0; i < sequences.Length; i++)
        {
            StepSequence sequence = sequences[i];
            for (int group = 0; group < count; group++)
            {
                ReadOnlySpan<int> pages = sequence.Pages.Of(group);
                nint* own = addresses + tableStarts[(i * count) + group];
                int end = PageCount(group, sequence), first = groups.FirstVisible(group, sequence, sequence.CachedTokens) / store.PageTokens;
                int sinks = groups.Windows[group] is null && sequence.Sinks is { } few ? (int)(((long)few.Sinks + store.PageTokens - 1) / store.PageTokens) : 0;
                for (int index = 0; index < first; index++) own[index] = index < sinks ? (nint)store.AddressOf(group, pages[index]) : 0;
                for (int index = first; index < end; index++) own[index] = (nint)store.AddressOf(group, pages[index]);
            }
        }
    }

    /// <summary>Pages of a sequence in a group.</summary>
    private int PageCount(int group, in StepSequence sequence) => (Slot(group, sequence) + sequence.TokenCount + store.PageTokens - 1) / store.PageTokens;

    private int PageCount(in StepSequence sequence) => (sequence.CachedTokens + sequence.TokenCount + store.PageTokens - 1) / store.PageTokens;

    /// <summary>Fills the tables of remapped sequences; how many positions they turn to.</summary>
    private int FindViews(ReadOnlySpan<StepSequence> sequences)
    {
        Remaps = false;
        keyMaps.Begin();
        if (remappedStarts.Length < sequences.Length) remappedStarts = new int[sequences.Length];
        int total = 0, longest = 0;
        for (int i = 0; i < sequences.Length; i++)
        {
            remappedStarts[i] = total;
            if (sequences[i].Remapping is not { } remapping) continue;
            Remaps = true;
            keyMaps.Reserve(remapping, sequences[i].CachedTokens + sequences[i].TokenCount);
            // Addresses of key maps first; an even number of integers keeps the next ones' aligned.
            total += (((2 + (3 * sequences[i].TokenCount)) * remapping.ViewCount) + 1) & ~1;
        }

        if (!Remaps) return 0;
        remappedRows = (int*)remapped.Ensure(total * (long)sizeof(int));
        for (int i = 0; i < sequences.Length; i++)
        {
            if (sequences[i].Remapping is not { } remapping) continue;
            int views = remapping.ViewCount, rows = sequences[i].TokenCount;
            int* numbers = remappedRows + remappedStarts[i] + (2 * views);
            for (int view = 0; view < views; view++)
            {
                for (int row = 0; row < rows; row++)
                {
                    int position = sequences[i].CachedTokens + row, at = (view * rows) + row;
                    numbers[at] = remapping.QueryPosition(view, position);
                    (numbers[(views * rows) + at], numbers[(2 * views * rows) + at]) = remapping.VisibleKeys(view, position);
                    longest = Math.Max(longest, numbers[at] + 1);
                }
            }
        }

        return longest;
    }
}
