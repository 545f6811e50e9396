namespace LongContext.Tokenization.Patterns;

/// <summary>
/// A set of Unicode code points, given by a test and remembered page by page once asked for. Safe for use by several threads:
/// a page is whole before it can be seen, and made twice at worst.
/// </summary>
internal sealed class CodePointSet
{
    private const int PageBits = 8;
    private readonly Func<int, bool> _test;
    private readonly ulong[]?[] _pages = new ulong[]?[0x110000 >> PageBits];

    public CodePointSet(Func<int, bool> test) => _test = test;

    public bool Contains(int codePoint)
    {
        ulong[] page = _pages[codePoint >> PageBits] ?? MakePage(codePoint >> PageBits);
        return (page[(codePoint >> 6) & 3] >> (codePoint & 63) & 1) != 0;
    }

    public CodePointSet Complement() => new(codePoint => !Contains(codePoint));

    public CodePointSet Union(CodePointSet other) => new(codePoint => Contains(codePoint) || other.Contains(codePoint));

    public CodePointSet Intersect(CodePointSet other) => new(codePoint => Contains(codePoint) && other.Contains(codePoint));

    public static CodePointSet Of(params int[] codePoints) => new(codePoint => Array.IndexOf(codePoints, codePoint) >= 0);

    public static CodePointSet Range(int first, int last) => new(codePoint => codePoint >= first && codePoint <= last);

    private ulong[] MakePage(int index)
    {
        var page = new ulong[1 << (PageBits - 6)];
        for (int i = 0; i < 1 << PageBits; i++)
        {
            if (_test((index << PageBits) + i)) page[i >> 6] |= 1UL << (i & 63);
        }

        return _pages[index] = page;
    }
}
