namespace LongContext.Tokenization.Patterns;

/// <summary>
/// A set of Unicode code points, given by a test and remembered page by page once asked for. Safe for use by several threads:
/// a page is whole before it can be seen, and made twice at worst.
/// </summary>
internal sealed class CodePointSet
{
    private const int PageBits = 8;
    private readonly Func<int, bool> _test;
    private ulong[]?[] _pages = []; // as many as were asked for: a pattern may have thousands of sets

    public CodePointSet(Func<int, bool> test) => _test = test;

    public bool Contains(int codePoint)
    {
        int index = codePoint >> PageBits;
        ulong[]?[] pages = _pages;
        ulong[] page = (index < pages.Length ? pages[index] : null) ?? MakePage(index);
        return (page[(codePoint >> 6) & 3] >> (codePoint & 63) & 1) != 0;
    }

    public CodePointSet Complement() => new(codePoint => !Contains(codePoint));

    public CodePointSet Union(CodePointSet other) => new(codePoint => Contains(codePoint) || other.Contains(codePoint));

    /// <summary>What all of the sets have.</summary>
    public static CodePointSet Intersection(IReadOnlyList<CodePointSet> sets)
    {
        if (sets.Count == 1) return sets[0];
        CodePointSet[] all = [.. sets];
        return new(codePoint => Array.TrueForAll(all, set => set.Contains(codePoint)));
    }

    public static CodePointSet Of(params int[] codePoints) => new(codePoint => Array.IndexOf(codePoints, codePoint) >= 0);

    public static CodePointSet Range(int first, int last) => new(codePoint => codePoint >= first && codePoint <= last);

    private ulong[] MakePage(int index)
    {
        var page = new ulong[1 << (PageBits - 6)];
        for (int i = 0; i < 1 << PageBits; i++)
        {
            if (_test((index << PageBits) + i)) page[i >> 6] |= 1UL << (i & 63);
        }

        ulong[]?[] pages = _pages;
        if (index >= pages.Length)
        {
            // Another thread's page that gets lost here is made anew.
            Array.Resize(ref pages, index + 1);
            _pages = pages;
        }

        return pages[index] = page;
    }
}
