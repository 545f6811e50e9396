namespace LongContext.Generation.Scheduling;

/// <summary>Memory that an engine was promised for its keys and values, and those of its draft model.</summary>
internal sealed class CacheReservation(CacheLedger ledger, string device, long bytes, string draftDevice, long draftBytes) : IDisposable
{
    private PagedCache? cache, draft;

    /// <summary>Tells the caches that the memory is for: from here on what they hold is known, and what they may take where the machine had less than was thought.</summary>
    public void Follow(PagedCache own, PagedCache? ofDraft) => (cache, draft) = (own, ofDraft);

    /// <summary>Bytes that may still be taken of a memory.</summary>
    public long Outstanding(string name) =>
        (name == device ? Left(cache, bytes) : 0) + (name == draftDevice ? Left(draft, draftBytes) : 0);

    /// <inheritdoc />
    public void Dispose() => ledger.Remove(this);

    private static long Left(PagedCache? cache, long promised) => cache is null ? promised : Math.Max(0, cache.BudgetBytes - cache.CommittedBytes);
}
