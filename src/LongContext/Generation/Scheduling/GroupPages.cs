using LongContext.Generation.Running;

namespace LongContext.Generation.Scheduling;

/// <summary>The pages of one group: who uses each, and which numbers are to be had.</summary>
internal sealed class GroupPages(CacheGroup group)
{
    private int[] references = [];
    private CacheNode?[] nodes = [];

    public CacheGroup Group { get; } = group;

    public long PageBytes => Group.PageBytes;

    /// <summary>Numbers that have memory and hold nothing.</summary>
    public PageNumbers Free { get; } = new();

    /// <summary>Numbers that were used and have no memory now.</summary>
    public PageNumbers Spare { get; } = new();

    /// <summary>Numbers given out so far.</summary>
    public int Count { get; private set; }

    /// <summary>Running sequences that use a page.</summary>
    public ref int References(int page) => ref references[page];

    /// <summary>The block of known tokens whose keys and values a page holds; null for none.</summary>
    public ref CacheNode? Node(int page) => ref nodes[page];

    /// <summary>A number without memory.</summary>
    public int Number()
    {
        if (Spare.TryTakeFirst(out int page)) return page;
        if (Count == references.Length)
        {
            Array.Resize(ref references, Math.Max(64, Count * 2));
            Array.Resize(ref nodes, references.Length);
        }

        return Count++;
    }
}
