using LongContext.Packing;
using Microsoft.Extensions.Logging;

namespace LongContext.Training;

/// <summary>
/// Deals a feed's packs out to steps. The position is that after the last step that was kept: packs taken for a step that is dropped
/// are taken again by whoever goes on from there.
/// </summary>
internal sealed partial class StepData : IDisposable
{
    private readonly IPackFeed inner;
    private readonly IPackFeed feed;
    private readonly PrefetchingPackFeed? prefetching;
    private readonly ILogger logger;
    private readonly int packsPerStep;
    private readonly Action<PackedBatch, long> check;
    private bool restored;
    private bool read;
    private long taken;

    /// <param name="feed">The packs.</param>
    /// <param name="packsPerStep">Packs of a step; the last one takes what is left.</param>
    /// <param name="ahead">Packs made ahead on another thread; 0 for none.</param>
    /// <param name="from">Where to go on; null for where the feed stands.</param>
    /// <param name="check">Told each pack and its number; throws where the model cannot take it.</param>
    /// <param name="logger">Warned when the feed cannot be put back.</param>
    public StepData(IPackFeed feed, int packsPerStep, int ahead, DataPosition? from, Action<PackedBatch, long> check, ILogger logger)
    {
        inner = feed;
        this.logger = logger;
        this.packsPerStep = packsPerStep;
        this.check = check;
        prefetching = ahead > 0 ? new PrefetchingPackFeed(feed, ahead) : null;
        this.feed = prefetching ?? feed;
        restored = from is null;
        Position = from ?? new DataPosition(0, this.feed.Capture());
        taken = Position.Packs;
    }

    /// <summary>After the last step that was kept.</summary>
    public DataPosition Position { get; private set; }

    /// <summary>What was packed so far, where the feed keeps account.</summary>
    public PackingReport? Report => feed.Report;

    /// <summary>The next step's packs: fewer at the end of the data, none after it.</summary>
    /// <exception cref="ArgumentException">The position is of other data or other settings, or a pack cannot be taken.</exception>
    public PackedBatch[] Take(CancellationToken cancellationToken)
    {
        // Only now: a run without a step left needs no data.
        if (!restored) feed.Restore(Position.State);
        (restored, read) = (true, true);
        List<PackedBatch> packs = new(packsPerStep);
        while (packs.Count < packsPerStep && feed.Next(cancellationToken) is { } pack)
        {
            check(pack, taken++);
            packs.Add(pack);
        }

        return [.. packs];
    }

    /// <summary>The packs taken last are done with: by a step, or because they were passed over.</summary>
    public DataPosition Commit() => Position = new DataPosition(taken, feed.Capture());

    /// <summary>
    /// Ends the thread that makes packs ahead, and puts the feed, which stays its owner's, where the last step that was kept ended:
    /// read on by anybody, it gives what comes next.
    /// </summary>
    public void Dispose()
    {
        prefetching?.Dispose();
        if (!read) return;
        try
        {
            inner.Restore(Position.State);
        }
        catch (Exception fault)
        {
            // What ended the run counts, and often is the cause of this; a run that is resumed is not concerned.
            LogNotPutBack(fault);
        }
    }

    [LoggerMessage(EventId = 222, Level = LogLevel.Warning, Message = "The stream of packs could not be put back to the end of the last whole step.")]
    private partial void LogNotPutBack(Exception fault);
}
