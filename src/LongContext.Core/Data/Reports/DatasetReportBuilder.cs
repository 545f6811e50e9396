using System.IO.Hashing;
using LongContext.Data.Examples;
using LongContext.Packing;

namespace LongContext.Data.Reports;

/// <summary>Counts sequences one by one for a <see cref="DatasetReport"/>, for example while they are written or trained on.</summary>
/// <remarks>
/// Memory: counts of lengths (up to 8 MiB, and some 40 bytes for each different length above a million tokens), the same of the pieces that are packed, the
/// look-ahead of the streaming packer, and the hashes of <see cref="DatasetReportOptions.Duplicates"/>. Used by one thread at a time.
/// </remarks>
public sealed class DatasetReportBuilder
{
    private readonly DatasetReportOptions options;
    private readonly LengthCounts lengths = new(), packed = new();
    private readonly HashSet<UInt128> seen = [];
    private readonly PriorityQueue<LongSequence, (int Tokens, long Before)> longest = new();
    private readonly StreamingBinPacker? streaming;
    private long targets, withoutTargets, duplicates, duplicateTokens, left;
    private long overlength, dropped;
    private long nextFitPacks;
    private int nextFitRoom;
    private DatasetReport? built;

    /// <summary>Makes a builder that has seen nothing.</summary>
    /// <param name="options">What to look at; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public DatasetReportBuilder(DatasetReportOptions? options = null)
    {
        this.options = options ??= new DatasetReportOptions();
        options.Validate();
        if (options.Packing is { } packing) streaming = new StreamingBinPacker(packing with { Overlength = OverlengthPolicy.Refuse, SortedBatchSize = null });
    }

    /// <summary>Counts a sequence.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="origin">Where it was read, where that is known.</param>
    /// <exception cref="InvalidOperationException">The report was built.</exception>
    public void Add(TokenSequence sequence, RecordOrigin? origin = null)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        RequireNotBuilt();
        long number = lengths.Sequences;
        lengths.Add(sequence.Length);
        int own = sequence.CountTargets();
        targets += own;
        if (own == 0) withoutTargets++;
        if (options.Duplicates && !seen.Add(Hash(sequence)))
        {
            duplicates++;
            duplicateTokens += sequence.Length;
        }

        // The shortest of them, of equals the last, is the first to go.
        longest.Enqueue(new LongSequence(number, origin, sequence.Length), (sequence.Length, -number));
        if (longest.Count > options.Longest) longest.Dequeue();
        if (options.Packing is { } packing) Fit(sequence.Length, packing);
    }

    /// <summary>Counts an example of which no sequence could be made.</summary>
    /// <exception cref="InvalidOperationException">The report was built.</exception>
    public void AddLeftOut()
    {
        RequireNotBuilt();
        left++;
    }

    /// <summary>Ends counting and gives the report.</summary>
    public DatasetReport Build() => built ??= new DatasetReport
    {
        Title = options.Title,
        Sequences = lengths.Sequences,
        LeftOut = left,
        Tokens = lengths.Tokens,
        TargetTokens = targets,
        WithoutTargets = withoutTargets,
        Duplicates = options.Duplicates ? duplicates : null,
        DuplicateTokens = options.Duplicates ? duplicateTokens : null,
        Lengths = lengths.Summary(),
        Buckets = lengths.Buckets(),
        Context = options.Packing is { } packing ? BuildFit(packing) : null,
        Longest = [.. longest.UnorderedItems.Select(item => item.Element).OrderByDescending(sequence => sequence.Tokens).ThenBy(sequence => sequence.Number)],
    };

    private void RequireNotBuilt()
    {
        if (built is not null) throw new InvalidOperationException("The report was built: nothing is counted after it.");
    }

    private static UInt128 Hash(TokenSequence sequence)
    {
        XxHash128 hash = new();
        Fingerprint.Append(hash, sequence);
        return hash.GetCurrentHashAsUInt128();
    }

    private void Fit(int length, StreamingPackerOptions packing)
    {
        int context = packing.ContextLength;
        if (length <= context)
        {
            Pack(length, context);
            return;
        }

        overlength++;
        switch (packing.Overlength)
        {
            case OverlengthPolicy.Split:
                for (int rest = length; rest > 0; rest -= context) Pack(Math.Min(rest, context), context);
                break;
            case OverlengthPolicy.TruncateHead or OverlengthPolicy.TruncateMiddle or OverlengthPolicy.TruncateTail:
                Pack(context, context);
                dropped += length - context;
                break;
            default:
                dropped += length;
                break;
        }
    }

    private void Pack(int length, int context)
    {
        packed.Add(length);
        if (length > nextFitRoom)
        {
            nextFitPacks++;
            nextFitRoom = context;
        }

        nextFitRoom -= length;
        streaming!.Add(length);
        while (streaming.TryTake(out _))
        {
            // Only its counts are of interest.
        }
    }

    private ContextFit BuildFit(StreamingPackerOptions packing)
    {
        int context = packing.ContextLength;
        PackingOptimality best = new HistogramPacker(new HistogramPackerOptions { ContextLength = context }).Pack(LengthHistogram.FromAscending(packed.Ascending())).Optimality;
        double Fill(long packs) => packs == 0 ? 0 : packed.Tokens / ((double)packs * context);
        List<PackingFill> fills = [new("unpacked", packed.Sequences, Fill(packed.Sequences)), new("next fit", nextFitPacks, Fill(nextFitPacks))];
        streaming!.Complete();
        fills.Add(new PackingFill($"streaming, {InWords(packing.Algorithm)}", streaming.Report.Packs, streaming.Report.FillRate));
        fills.Add(new PackingFill("best fit over all", best.Packs, best.FillRate));
        bool truncates = packing.Overlength is OverlengthPolicy.TruncateHead or OverlengthPolicy.TruncateMiddle or OverlengthPolicy.TruncateTail;
        return new ContextFit
        {
            ContextLength = context,
            Overlength = overlength,
            Split = packing.Overlength == OverlengthPolicy.Split ? overlength : 0,
            Truncated = truncates ? overlength : 0,
            Skipped = packing.Overlength == OverlengthPolicy.Skip ? overlength : 0,
            Refused = packing.Overlength == OverlengthPolicy.Refuse ? overlength : 0,
            DroppedTokens = dropped,
            Documents = packed.Sequences,
            Fills = fills,
            LowerBound = best.LowerBound,
        };
    }

    private static string InWords(PackingAlgorithm algorithm) => algorithm switch
    {
        PackingAlgorithm.NextFit => "next fit",
        PackingAlgorithm.FirstFitDecreasing => "first fit",
        PackingAlgorithm.BestFitDecreasing => "best fit",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Not a packing algorithm."),
    };
}
