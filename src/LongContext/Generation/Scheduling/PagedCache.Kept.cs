using Microsoft.Extensions.Logging;

namespace LongContext.Generation.Scheduling;

/// <summary>What is kept for other requests, and given up where memory is needed: the longest unused first.</summary>
internal sealed partial class PagedCache
{
    private readonly KeptList keptPages = new();
    private readonly LinkedList<HostPage> hostPages = new();
    private readonly Dictionary<int, Stack<byte[]>> hostBuffers = [];
    private long hostBytes, spareHostBytes;

    /// <summary>Bytes of kept pages in host memory.</summary>
    public long HostBytes => Volatile.Read(ref hostBytes);

    /// <summary>Bytes of host memory that copies lay in and that wait for others.</summary>
    public long SpareHostBytes => spareHostBytes;

    /// <summary>Forgets which tokens the pages hold, and gives up what is kept. What running sequences hold stays theirs alone: it is found by nobody, and no more of theirs is until they begin anew.</summary>
    /// <param name="running">All sequences that have pages.</param>
    public void Clear(IEnumerable<CachedSequence> running)
    {
        foreach (CachedSequence sequence in running)
        {
            Leave(sequence);
            sequence.Shares = false;
        }

        while (EvictOldest(saves: false))
        {
        }

        while (hostPages.First is { } page) DropHost(page.Value);
        hostBuffers.Clear();
        spareHostBytes = 0;
        // What is left of the tree are blocks whose pages somebody uses.
        foreach (CacheNode node in blocks.Values)
        {
            for (int group = 0; group < groups.Length; group++)
            {
                if (node.Pages[group] is >= 0 and var used) groups[group].Node(used) = null;
            }
        }

        blocks.Clear();
        roots.Clear();
    }

    private bool EvictOldest(bool saves = true)
    {
        int number = keptPages.First;
        if (number < 0) return false;
        int group = number % groups.Length, page = number / groups.Length;
        CacheNode node = groups[group].Node(page)!;
        bool saved = saves && Save(node, group, page);
        Free(node, group);
        // Without the layers that see everything, nothing after this block is of use, nor what the other layers have of it.
        if (!saved && groups[group].Group.Window is null)
        {
            for (int other = 0; other < groups.Length; other++)
            {
                if (other == group) continue;
                if (node.Pages[other] is >= 0 and var rest && groups[other].References(rest) == 0) Free(node, other);
                if (node.Host[other] is { Place: not null } copy) DropHost(copy, removesNode: false);
            }
        }

        RemoveIdle(node);
        return true;
    }

    /// <summary>Makes a kept page a free one.</summary>
    private void Free(CacheNode node, int group)
    {
        int page = node.Pages[group];
        node.Pages[group] = -1;
        groups[group].Node(page) = null;
        keptPages.Remove(Number(group, page));
        kept -= groups[group].PageBytes;
        groups[group].Free.Add(page);
    }

    /// <summary>Copies a page to host memory where there is room, or becomes some by giving up what lies there unused for longest.</summary>
    private bool Save(CacheNode node, int group, int page)
    {
        long bytes = groups[group].PageBytes;
        if (bytes > options.OffloadBytes) return false;
        while (hostBytes + bytes > options.OffloadBytes)
        {
            if (hostPages.First is not { } oldest) return false;
            DropHost(oldest.Value);
        }

        byte[]? buffer = null;
        if (hostBuffers.TryGetValue(group, out Stack<byte[]>? buffers) && buffers.TryPop(out buffer))
        {
            spareHostBytes -= bytes;
        }
        else if (hostBytes + spareHostBytes + bytes > options.OffloadBytes)
        {
            // Buffers that were made for another group's pages count too.
            hostBuffers.Clear();
            spareHostBytes = 0;
        }

        try
        {
            buffer ??= GC.AllocateUninitializedArray<byte>((int)bytes, pinned: true);
            store.Save(group, page, buffer);
        }
        catch (OutOfMemoryException e)
        {
            // The page is given up instead, as if there were no host memory for copies.
            options.Logger?.LogWarning(e, "There is no host memory for a copy of a page; {Bytes} bytes of copies are there.", hostBytes);
            return false;
        }

        var copy = new HostPage(node, group, buffer);
        copy.Place = hostPages.AddLast(copy);
        node.Host[group] = copy;
        hostBytes += bytes;
        return true;
    }

    private void DropHost(HostPage page, bool removesNode = true)
    {
        if (page.Place is { } place) hostPages.Remove(place);
        page.Place = null;
        page.Node.Host[page.Group] = null;
        hostBytes -= groups[page.Group].PageBytes;
        if (!hostBuffers.TryGetValue(page.Group, out Stack<byte[]>? buffers)) hostBuffers[page.Group] = buffers = new Stack<byte[]>();
        buffers.Push(page.Bytes);
        spareHostBytes += page.Bytes.Length;
        if (removesNode) RemoveIdle(page.Node);
    }
}
