using LongContext.Cpu.Attention;

namespace LongContext.Generation.Running;

/// <summary>Pages in memory outside the managed heap, as <see cref="CacheLayout"/> lays them. Neighbouring numbers share a slab of addresses; each page's memory comes and goes by itself.</summary>
internal sealed unsafe class CpuPageStore : IPageStore
{
    private const long SlabBytes = 32L << 20;

    private readonly long[] strides;
    private readonly int[] slabPages;
    private readonly List<Slab?>[] slabs;
    private bool disposed;

    /// <summary>An empty store.</summary>
    /// <param name="groups">The model's groups.</param>
    /// <param name="layout">How a layer's part of a page lies.</param>
    public CpuPageStore(CacheGroups groups, CacheLayout layout)
    {
        Layout = layout;
        Groups = [.. groups.Windows.Select((window, group) => new CacheGroup(window, groups.LayerCounts[group], Rounded(groups.LayerCounts[group] * layout.LayerBytes)))];
        strides = [.. Groups.Select(group => group.PageBytes)];
        slabPages = [.. strides.Select(stride => PageMemory.CanDiscard ? (int)Math.Clamp(SlabBytes / stride, 1, 1024) : 1)];
        slabs = [.. Groups.Select(_ => new List<Slab?>())];
    }

    /// <summary>How a layer's part of a page lies.</summary>
    public CacheLayout Layout { get; }

    /// <inheritdoc />
    public int PageTokens => Layout.PageTokens;

    /// <inheritdoc />
    public IReadOnlyList<CacheGroup> Groups { get; }

    /// <inheritdoc />
    public long CommittedBytes { get; private set; }

    /// <summary>Where a page lies.</summary>
    /// <exception cref="InvalidOperationException">It is not committed.</exception>
    public byte* AddressOf(int group, int page)
    {
        List<Slab?> all = slabs[group];
        int pages = slabPages[group], number = page / pages;
        if (page >= 0 && number < all.Count && all[number] is { } slab && slab.Committed[page % pages]) return slab.Memory + (page % pages * strides[group]);
        ObjectDisposedException.ThrowIf(disposed, this);
        throw new InvalidOperationException($"Page {page} of group {group} is not committed.");
    }

    /// <inheritdoc />
    public void Commit(int group, int page)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(page);
        List<Slab?> all = slabs[group];
        int pages = slabPages[group], number = page / pages;
        while (all.Count <= number) all.Add(null);
        Slab slab = all[number] ??= new Slab(PageMemory.Map(pages * strides[group]), new bool[pages]);
        if (slab.Committed[page % pages]) throw new InvalidOperationException($"Page {page} of group {group} is committed already.");
        slab.Committed[page % pages] = true;
        slab.Count++;
        CommittedBytes += strides[group];
    }

    /// <inheritdoc />
    public void Decommit(int group, int page)
    {
        byte* address = AddressOf(group, page);
        int pages = slabPages[group];
        Slab slab = slabs[group][page / pages]!;
        slab.Committed[page % pages] = false;
        CommittedBytes -= strides[group];
        if (--slab.Count > 0)
        {
            PageMemory.Discard(address, strides[group]);
            return;
        }

        slabs[group][page / pages] = null;
        PageMemory.Unmap(slab.Memory, pages * strides[group]);
    }

    /// <inheritdoc />
    /// <remarks>Tokens lie interleaved: all of the page is copied.</remarks>
    public void Copy(int group, int from, int to, int tokens) => Bytes(group, from).CopyTo(Bytes(group, to));

    /// <inheritdoc />
    public void Select(int group, ReadOnlySpan<int> from, ReadOnlySpan<int> to, PromptChoice choice)
    {
        int tokens = Layout.PageTokens;
        for (int layer = 0; layer < Groups[group].LayerCount; layer++)
        {
            long offset = layer * Layout.LayerBytes;
            for (int head = 0; head < Layout.KeyHeads; head++)
            {
                ReadOnlySpan<int> kept = choice.Kept(layer, head);
                for (int i = 0; i < kept.Length; i++)
                    Layout.CopyToken(AddressOf(group, from[kept[i] / tokens]) + offset, kept[i] % tokens, AddressOf(group, to[i / tokens]) + offset, i % tokens, head);
            }
        }
    }

    /// <inheritdoc />
    public void Save(int group, int page, Span<byte> host)
    {
        RequireLength(group, host.Length);
        Bytes(group, page).CopyTo(host);
    }

    /// <inheritdoc />
    public void Load(int group, int page, ReadOnlySpan<byte> host)
    {
        RequireLength(group, host.Length);
        host.CopyTo(Bytes(group, page));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        disposed = true;
        for (int group = 0; group < slabs.Length; group++)
        {
            foreach (Slab? slab in slabs[group])
            {
                if (slab is not null) PageMemory.Unmap(slab.Memory, slabPages[group] * strides[group]);
            }

            slabs[group].Clear();
        }

        CommittedBytes = 0;
    }

    /// <summary>What the system gives for so many bytes.</summary>
    private static long Rounded(long bytes) => (bytes + PageMemory.Granularity - 1) / PageMemory.Granularity * PageMemory.Granularity;

    private Span<byte> Bytes(int group, int page) => new(AddressOf(group, page), checked((int)Groups[group].PageBytes));

    private void RequireLength(int group, int length)
    {
        if (length != Groups[group].PageBytes) throw new ArgumentException($"A page of group {group} has {Groups[group].PageBytes} bytes, but {length} were given.");
    }

    /// <summary>Addresses of pages of neighbouring numbers.</summary>
    private sealed class Slab(byte* memory, bool[] committed)
    {
        public byte* Memory => memory;

        public bool[] Committed => committed;

        public int Count { get; set; }
    }
}
