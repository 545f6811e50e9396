using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace LongContext.Generation.Scheduling;

/// <summary>Which tokens the pages hold: a tree of blocks of a page's tokens, in which requests find how much of their beginning is there.</summary>
internal sealed partial class PagedCache
{
    private readonly Dictionary<(long Parent, ulong Hash), CacheNode> blocks = [];
    private readonly Dictionary<PrefixRoot, CacheNode> roots = [];
    private readonly Stack<CacheNode> spareNodes = new();
    private readonly List<CacheNode> path = [];
    private readonly int[] runStarts;
    private readonly ulong hashMask;
    private long nodes;

    /// <summary>Blocks that are known.</summary>
    public int KnownBlocks => blocks.Count;

    /// <summary>
    /// How many of a sequence's tokens need no computing because others' pages hold them. The last token is always computed: its scores are wanted.
    /// </summary>
    /// <param name="sequence">A sequence that begins or goes on.</param>
    /// <param name="sharedBytes">Bytes of the pages found that running sequences use already.</param>
    /// <returns>Tokens, no fewer than are cached.</returns>
    public int Match(CachedSequence sequence, out long sharedBytes)
    {
        path.Clear();
        sharedBytes = 0;
        if (!options.Keeps || !sequence.Shares) return sequence.Cached;
        CacheNode? node = sequence.Node ?? roots.GetValueOrDefault(sequence.Root);
        int first = sequence.Blocks, best = 0, limit = Math.Min(sequence.ReuseEnd, sequence.SharedEnd);
        for (int group = 0; group < groups.Length; group++)
        {
            ReadOnlySpan<int> own = sequence.Pages.Of(group);
            int start = first;
            while (start > 0 && own[start - 1] >= 0) start--;
            runStarts[group] = start;
        }

        for (int block = first; node is not null && (block + 1) * PageTokens <= limit; block++)
        {
            node = Find(node, sequence.Tokens.AsSpan(block * PageTokens, PageTokens), out _);
            if (node is null || !Continues(node, block)) break;
            path.Add(node);
            if (Covers((block + 1) * PageTokens)) best = path.Count;
        }

        path.RemoveRange(best, path.Count - best);
        int tokens = (first + best) * PageTokens;
        if (best == 0 || tokens <= sequence.Cached) return sequence.Cached;
        for (int i = 0; i < best; i++)
        {
            for (int group = 0; group < groups.Length; group++)
            {
                if (path[i].Pages[group] is >= 0 and var page && groups[group].References(page) > 0 && IsSeen(group, first + i, tokens)) sharedBytes += groups[group].PageBytes;
            }
        }

        return tokens;
    }

    /// <summary>Gives a sequence the pages that <see cref="Match"/> has found for it just now.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="tokens">What it returned.</param>
    /// <returns>
    /// Whether they could be had: some may lie in host memory, and need pages to come back to. Where they do not fit beside what is used, the sequence is left as it is; where they should and the machine has less memory
    /// than was thought, it begins anew.
    /// </returns>
    public bool Adopt(CachedSequence sequence, int tokens)
    {
        int first = sequence.Blocks;
        if (!FitsAdopted(sequence, tokens)) return false;
        Truncate(sequence, first * PageTokens);
        sequence.Cached = first * PageTokens;
        // What is there already is held first, so that making room for the rest does not take it away.
        for (int i = 0; i < path.Count; i++)
        {
            for (int group = 0; group < groups.Length; group++)
            {
                bool seen = IsSeen(group, first + i, tokens);
                int page = seen ? path[i].Pages[group] : -1;
                if (page >= 0) Reference(group, page);
                else if (seen) Hold(path[i].Host[group]!);
                sequence.Pages.Add(group, page);
            }
        }

        // Later only those are forgotten that lie behind what is forgotten already, as adopted blocks before a window are from the start.
        Forget(sequence, first, tokens);
        bool whole = true;
        for (int i = 0; i < path.Count; i++)
        {
            for (int group = 0; group < groups.Length; group++)
            {
                if (!IsSeen(group, first + i, tokens) || sequence.Pages.Of(group)[first + i] >= 0) continue;
                HostPage copy = path[i].Host[group]!;
                int page = whole ? Allocate(group) : -1;
                whole &= page >= 0;
                if (page < 0)
                {
                    copy.Place = hostPages.AddLast(copy);
                    continue;
                }

                store.Load(group, page, copy.Bytes);
                DropHost(copy, removesNode: false);
                Attach(path[i], group, page);
                sequence.Pages.Set(group, first + i, page);
            }
        }

        if (!whole)
        {
            // Before what it had, its windows may be forgotten already.
            Drop(sequence);
            return false;
        }

        Stand(sequence, path[^1]);
        sequence.Blocks = first + path.Count;
        sequence.Cached = tokens;
        return true;
    }

    /// <summary>Whether the pages that were found fit into the budget as used ones, in place of the sequence's own behind its known blocks.</summary>
    private bool FitsAdopted(CachedSequence sequence, int tokens)
    {
        long needed = 0;
        for (int group = 0; group < groups.Length; group++)
        {
            ReadOnlySpan<int> own = sequence.Pages.Of(group);
            for (int index = sequence.Blocks; index < own.Length; index++)
            {
                if (own[index] >= 0 && groups[group].References(own[index]) == 1) needed -= groups[group].PageBytes;
            }

            for (int i = 0; i < path.Count; i++)
            {
                if (!IsSeen(group, sequence.Blocks + i, tokens)) continue;
                int page = path[i].Pages[group];
                if (page < 0 || groups[group].References(page) == 0) needed += groups[group].PageBytes;
            }
        }

        return used + needed <= budget;
    }

    /// <summary>Makes a sequence's new full pages known to others; where another was there first, its page is used and the sequence's own given back.</summary>
    public void Publish(CachedSequence sequence)
    {
        if (!options.Keeps || !sequence.Shares) return;
        while ((sequence.Blocks + 1) * PageTokens <= sequence.Cached)
        {
            int block = sequence.Blocks;
            if ((block + 1) * PageTokens > sequence.SharedEnd)
            {
                // From here on frequencies are other ones for each length: nobody else's keys are the same.
                sequence.Shares = false;
                return;
            }

            if (sequence.Node is null) Stand(sequence, RootOf(sequence.Root));
            ReadOnlySpan<int> tokens = sequence.Tokens.AsSpan(block * PageTokens, PageTokens);
            CacheNode? node = Find(sequence.Node!, tokens, out ulong hash);
            if (node is null)
            {
                node = NewNode();
                (node.Parent, node.Hash) = (sequence.Node, hash);
                tokens.CopyTo(node.Tokens);
                if (!blocks.TryAdd((sequence.Node!.Id, hash), node))
                {
                    // Other tokens with the same hash are there, which happens once in 2^64: this sequence is not shared from here on.
                    spareNodes.Push(node);
                    sequence.Shares = false;
                    return;
                }

                sequence.Node.Children++;
            }

            for (int group = 0; group < groups.Length; group++) Publish(sequence, node, group, block);
            Stand(sequence, node);
            sequence.Blocks++;
        }
    }

    private void Publish(CachedSequence sequence, CacheNode node, int group, int block)
    {
        int own = sequence.Pages.Of(group)[block], there = node.Pages[group];
        if (own < 0 || own == there) return;
        if (there < 0)
        {
            if (node.Host[group] is { } copy) DropHost(copy, removesNode: false);
            Attach(node, group, own);
            return;
        }

        Reference(group, there);
        Release(group, own);
        sequence.Pages.Set(group, block, there);
    }

    /// <summary>A sequence no longer goes on from a known block.</summary>
    private void Leave(CachedSequence sequence)
    {
        CacheNode? node = sequence.Node;
        (sequence.Node, sequence.Blocks) = (null, 0);
        if (node is null) return;
        node.References--;
        RemoveIdle(node);
    }

    private static void Stand(CachedSequence sequence, CacheNode node)
    {
        node.References++;
        if (sequence.Node is { } before) before.References--;
        sequence.Node = node;
    }

    private void Attach(CacheNode node, int group, int page)
    {
        node.Pages[group] = page;
        groups[group].Node(page) = node;
    }

    private void Hold(HostPage copy)
    {
        if (copy.Place is { } place) hostPages.Remove(place);
        copy.Place = null;
    }

    /// <summary>Whether the layers that see everything have the block; notes where the others' pages begin to be there without a gap.</summary>
    private bool Continues(CacheNode node, int block)
    {
        for (int group = 0; group < groups.Length; group++)
        {
            if (node.Has(group)) continue;
            if (groups[group].Group.Window is null) return false;
            runStarts[group] = block + 1;
        }

        return true;
    }

    /// <summary>Whether a sequence may go on at a length: what its next token sees is there in each group.</summary>
    private bool Covers(int length)
    {
        for (int group = 0; group < groups.Length; group++)
        {
            if (groups[group].Group.Window is { } window && runStarts[group] > Math.Max(0, length - window + 1) / PageTokens) return false;
        }

        return true;
    }

    /// <summary>Whether the token after a length sees something of a block.</summary>
    private bool IsSeen(int group, int block, int length) =>
        groups[group].Group.Window is not { } window || (block + 1) * PageTokens > length - window + 1;

    private CacheNode? Find(CacheNode parent, ReadOnlySpan<int> tokens, out ulong hash)
    {
        hash = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(tokens)) & hashMask;
        // The parent is the very node and not its hash, and the tokens are compared: equal is equal.
        return blocks.TryGetValue((parent.Id, hash), out CacheNode? node) && tokens.SequenceEqual(node.Tokens) ? node : null;
    }

    private CacheNode RootOf(PrefixRoot root)
    {
        if (roots.TryGetValue(root, out CacheNode? node)) return node;
        node = NewNode();
        node.Root = root;
        roots.Add(root, node);
        return node;
    }

    private CacheNode NewNode()
    {
        CacheNode node = spareNodes.TryPop(out CacheNode? spare) ? spare : new CacheNode(PageTokens, groups.Length);
        (node.Id, node.Parent, node.Root, node.Children, node.References) = (++nodes, null, null, 0, 0);
        Array.Fill(node.Pages, -1);
        return node;
    }

    private void RemoveIdle(CacheNode node)
    {
        for (CacheNode? idle = node; idle is { IsIdle: true };)
        {
            CacheNode? parent = idle.Parent;
            if (idle.Root is { } root) roots.Remove(root);
            else blocks.Remove((parent!.Id, idle.Hash));
            if (parent is not null) parent.Children--;
            (idle.Parent, idle.Root) = (null, null);
            spareNodes.Push(idle);
            idle = parent;
        }
    }
}
