using LongContext.Generation.Running;
using Microsoft.Extensions.Logging;

namespace LongContext.Generation.Scheduling;

/// <summary>
/// Gives out the pages of a store within a budget of bytes that all groups share. A page is used (by running sequences), kept (its tokens are known and another request may want them), free (it has
/// memory and holds nothing), or has no memory.
/// </summary>
/// <remarks>Used by the engine's thread alone; figures may be read by others.</remarks>
internal sealed partial class PagedCache
{
    private readonly IPageStore store;
    private readonly GroupPages[] groups;
    private readonly PagedCacheOptions options;
    private long budget, used, committed, kept;

    public PagedCache(IPageStore store, PagedCacheOptions options)
    {
        (this.store, this.options, budget) = (store, options, options.BudgetBytes);
        groups = [.. store.Groups.Select(group => new GroupPages(group))];
        PageTokens = store.PageTokens;
        hashMask = options.HashBits >= 64 ? ulong.MaxValue : (1UL << options.HashBits) - 1;
        runStarts = new int[groups.Length];
        Needs = new CacheNeeds(store.Groups, PageTokens);
    }

    public int PageTokens { get; }

    public CacheNeeds Needs { get; }

    /// <summary>Bytes that may be taken: what was planned, or less where the machine had less the last time that a page was asked for.</summary>
    public long BudgetBytes => Volatile.Read(ref budget);

    /// <summary>Whether that is less than was planned.</summary>
    public bool IsShort => budget < options.BudgetBytes;

    /// <summary>Comes back to what was planned: others may have given memory back since.</summary>
    public void RestoreBudget() => Volatile.Write(ref budget, options.BudgetBytes);

    /// <summary>Bytes of pages that running sequences use.</summary>
    public long UsedBytes => Volatile.Read(ref used);

    /// <summary>Bytes of pages that are kept for others.</summary>
    public long KeptBytes => Volatile.Read(ref kept);

    /// <summary>Bytes of pages that have memory.</summary>
    public long CommittedBytes => Volatile.Read(ref committed);

    /// <summary>Bytes of a page in the group without a window; 0 where there is no such group.</summary>
    private long WholePageBytes => groups[0].Group.Window is null ? groups[0].PageBytes : 0;

    /// <summary>Tokens of a sequence that have a place.</summary>
    public int Placed(CachedSequence sequence)
    {
        int placed = int.MaxValue;
        for (int group = 0; group < groups.Length; group++) placed = Math.Min(placed, Placed(sequence, group));
        return placed;
    }

    /// <summary>Bytes for a sequence that has come to a number of tokens.</summary>
    public long NeededBytes(CachedSequence sequence, int tokens, int chunk)
    {
        long bytes = Needs.Bytes(tokens, chunk, sequence.Sinks, sequence.Dropped);
        if (sequence.Selection is { } selection && sequence.Dropped == 0) bytes += (PageCount(selection.MaximumTokens) - sequence.SelectedPages.Count) * WholePageBytes;
        return bytes;
    }

    /// <summary>Gets the pages that what is kept of a sequence's prompt will lie in.</summary>
    /// <returns>Whether all are there.</returns>
    public bool ReserveSelection(CachedSequence sequence)
    {
        int wanted = groups[0].Group.Window is null ? PageCount(sequence.Selection!.MaximumTokens) : 0;
        while (sequence.SelectedPages.Count < wanted)
        {
            int page = Allocate(0);
            if (page < 0) return false;
            sequence.SelectedPages.Add(page);
        }

        return true;
    }

    /// <summary>Puts what was chosen of a sequence's prompt in its place, and gives the rest back. From here on nobody shares with it.</summary>
    public void Select(CachedSequence sequence, PromptChoice choice)
    {
        Leave(sequence);
        sequence.Shares = false;
        if (groups[0].Group.Window is null)
        {
            ReadOnlySpan<int> whole = sequence.Pages.Of(0);
            store.Select(0, whole[..PageCount(choice.PromptLength)], System.Runtime.InteropServices.CollectionsMarshal.AsSpan(sequence.SelectedPages), choice);
            for (int index = whole.Length - 1; index >= 0; index--) Release(0, whole[index]);
            sequence.Pages.Truncate(0, 0);
            foreach (int page in sequence.SelectedPages) sequence.Pages.Add(0, page);
            sequence.SelectedPages.Clear();
        }

        sequence.Dropped = choice.PromptLength - choice.Count;
    }

    /// <summary>Gives a sequence pages for its tokens up to a number, or as many as can be had.</summary>
    /// <returns>Tokens of it that have a place then.</returns>
    public int Grow(CachedSequence sequence, int tokens)
    {
        while (true)
        {
            int placed = Placed(sequence);
            ulong added = 0;
            if (placed >= tokens) return placed;
            for (int group = 0; group < groups.Length; group++)
            {
                if (Placed(sequence, group) > placed) continue;
                int page = Allocate(group);
                if (page < 0)
                {
                    // All groups or none.
                    while (--group >= 0)
                    {
                        if ((added & (1UL << group)) == 0) continue;
                        int last = sequence.Pages.Of(group).Length - 1;
                        Release(group, sequence.Pages.Of(group)[last]);
                        sequence.Pages.Truncate(group, last);
                    }

                    return placed;
                }

                sequence.Pages.Add(group, page);
                added |= 1UL << group;
            }
        }
    }

    /// <summary>Gives back the pages that lie wholly before the windows of the next token, of the groups that have one, or behind the sinks where a sequence has them.</summary>
    public void Forget(CachedSequence sequence) => Forget(sequence, int.MaxValue, sequence.Cached);

    /// <summary>The same of its first blocks, with the next token at a position.</summary>
    private void Forget(CachedSequence sequence, int blocks, int position)
    {
        for (int group = 0; group < groups.Length; group++)
        {
            int kept = 0;
            if (groups[group].Group.Window is not { } window)
            {
                if (sequence.Sinks is not { } sinks) continue;
                (window, kept) = (sinks.Window, (int)(((long)sinks.Sinks + PageTokens - 1) / PageTokens));
            }

            // The next token sees from position - window + 1 on.
            int end = Math.Min(blocks, Math.Max(0, position - window + 1) / PageTokens);
            ReadOnlySpan<int> pages = sequence.Pages.Of(group);
            for (int index = Math.Min(end, pages.Length) - 1; index >= kept && pages[index] >= 0; index--)
            {
                Release(group, pages[index]);
                sequence.Pages.Set(group, index, -1);
            }
        }
    }

    /// <summary>Gives back the pages behind a number of tokens, such as those of guesses that were wrong.</summary>
    public void Truncate(CachedSequence sequence, int tokens)
    {
        for (int group = 0; group < groups.Length; group++)
        {
            int count = PageCount(Math.Max(0, groups[group].Group.Window is null ? tokens - sequence.Dropped : tokens));
            ReadOnlySpan<int> pages = sequence.Pages.Of(group);
            // The last first: what is kept is given up in this order, and a beginning is worth more than what follows it.
            for (int index = pages.Length - 1; index >= count; index--)
            {
                if (pages[index] >= 0) Release(group, pages[index]);
            }

            sequence.Pages.Truncate(group, count);
        }
    }

    /// <summary>Gives back all of a sequence's pages; it begins anew.</summary>
    public void Drop(CachedSequence sequence)
    {
        Truncate(sequence, 0);
        Leave(sequence);
        for (int i = sequence.SelectedPages.Count - 1; i >= 0; i--) Release(0, sequence.SelectedPages[i]);
        sequence.SelectedPages.Clear();
        (sequence.Cached, sequence.Dropped, sequence.Shares) = (0, 0, true);
    }

    private int Placed(CachedSequence sequence, int group) => (sequence.Pages.Of(group).Length * PageTokens) + (groups[group].Group.Window is null ? sequence.Dropped : 0);

    private int PageCount(int tokens) => (tokens + PageTokens - 1) / PageTokens;

    /// <summary>Gives the memory of free pages back to the machine.</summary>
    public void Trim()
    {
        for (int group = 0; group < groups.Length; group++)
        {
            while (groups[group].Free.TryTakeLast(out int page)) Decommit(group, page);
        }
    }

    /// <summary>A page with memory and one user; -1 where there is none to be had.</summary>
    private int Allocate(int group)
    {
        GroupPages own = groups[group];
        int page;
        while (!own.Free.TryTakeFirst(out page))
        {
            if (committed + own.PageBytes <= budget)
            {
                page = own.Number();
                if (TryCommit(group, page)) break;
                own.Spare.Add(page);
            }
            else if (!FreeOther(group) && !EvictOldest())
            {
                return -1;
            }
        }

        own.References(page) = 1;
        used += own.PageBytes;
        return page;
    }

    private bool TryCommit(int group, int page)
    {
        try
        {
            store.Commit(group, page);
            committed += groups[group].PageBytes;
            return true;
        }
        catch (OutOfMemoryException e)
        {
            // The machine has less than was thought: go on with what is there, for a while.
            Volatile.Write(ref budget, committed);
            options.Logger?.LogWarning(e, "There is no memory for another page of the cache; it stays at {Bytes} bytes for the time being.", committed);
            return false;
        }
    }

    private void Decommit(int group, int page)
    {
        store.Decommit(group, page);
        committed -= groups[group].PageBytes;
        groups[group].Spare.Add(page);
    }

    private bool FreeOther(int group)
    {
        for (int other = 0; other < groups.Length; other++)
        {
            // Stores take memory for several neighbouring pages at once: the last are given back, while the first are used again, so that those in use stay together.
            if (other == group || !groups[other].Free.TryTakeLast(out int page)) continue;
            Decommit(other, page);
            return true;
        }

        return false;
    }

    private void Reference(int group, int page)
    {
        GroupPages own = groups[group];
        if (own.References(page)++ > 0) return;
        keptPages.Remove(Number(group, page));
        kept -= own.PageBytes;
        used += own.PageBytes;
    }

    private void Release(int group, int page)
    {
        GroupPages own = groups[group];
        if (--own.References(page) > 0) return;
        used -= own.PageBytes;
        if (own.Node(page) is null)
        {
            own.Free.Add(page);
            return;
        }

        kept += own.PageBytes;
        keptPages.Add(Number(group, page));
        while (kept > options.KeptShare * budget && EvictOldest())
        {
        }
    }

    private int Number(int group, int page) => checked((page * groups.Length) + group);
}
