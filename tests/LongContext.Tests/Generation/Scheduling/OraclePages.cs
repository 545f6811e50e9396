using System.Runtime.InteropServices;
using LongContext.Generation.Running;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>Pages in arrays, which checks that only pages with memory are used, and that what is undefined is garbage.</summary>
internal sealed class OraclePages(int pageTokens, params int?[] windows) : IPageStore
{
    private readonly Dictionary<(int Group, int Page), Slot[]> memory = [];
    private readonly Stack<Slot[]> spare = new();

    public int PageTokens => pageTokens;

    public IReadOnlyList<CacheGroup> Groups { get; } = [.. windows.Select((window, i) => new CacheGroup(window, i + 1, pageTokens * 16))];

    public long CommittedBytes { get; private set; }

    public long LargestBytes { get; private set; }

    public long LimitBytes { get; set; } = long.MaxValue;

    public bool InHostMemory { get; init; } = true;

    /// <summary>Called before a choice is copied, and before a page is saved: may throw.</summary>
    public Action? Selecting { get; set; }

    public Action? Saving { get; set; }

    public int Saves { get; private set; }

    public int Loads { get; private set; }

    public bool IsDisposed { get; private set; }

    public Slot Read(int group, int page, int place) => memory[(group, page)][place];

    public void Write(int group, int page, int place, Slot slot) => memory[(group, page)][place] = slot;

    public void Commit(int group, int page)
    {
        if (CommittedBytes + Groups[group].PageBytes > LimitBytes) throw new InsufficientMemoryException();
        if (!spare.TryPop(out Slot[]? slots)) slots = new Slot[pageTokens];
        Array.Fill(slots, new Slot(-7, -7, 99));
        memory.Add((group, page), slots);
        CommittedBytes += Groups[group].PageBytes;
        LargestBytes = Math.Max(LargestBytes, CommittedBytes);
    }

    public void Decommit(int group, int page)
    {
        Assert.True(memory.Remove((group, page), out Slot[]? slots));
        spare.Push(slots!);
        CommittedBytes -= Groups[group].PageBytes;
    }

    public void Copy(int group, int from, int to, int tokens) => Array.Copy(memory[(group, from)], memory[(group, to)], tokens);

    public void Select(int group, ReadOnlySpan<int> from, ReadOnlySpan<int> to, PromptChoice choice)
    {
        Selecting?.Invoke();
        ReadOnlySpan<int> kept = choice.Kept(0, 0);
        for (int i = 0; i < kept.Length; i++) memory[(group, to[i / pageTokens])][i % pageTokens] = memory[(group, from[kept[i] / pageTokens])][kept[i] % pageTokens];
    }

    public void Save(int group, int page, Span<byte> host)
    {
        Saving?.Invoke();
        MemoryMarshal.AsBytes(memory[(group, page)].AsSpan()).CopyTo(host);
        Saves++;
    }

    public void Load(int group, int page, ReadOnlySpan<byte> host)
    {
        MemoryMarshal.Cast<byte, Slot>(host).CopyTo(memory[(group, page)]);
        Loads++;
    }

    public void Dispose() => IsDisposed = true;
}
