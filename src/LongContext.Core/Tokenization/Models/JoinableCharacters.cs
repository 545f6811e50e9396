namespace LongContext.Tokenization.Models;

/// <summary>
/// Which characters some merge can bring together: those where one is the last of a merge's left piece and the other the
/// first of its right piece. Between any others no merge ever happens, so words fall apart there without changing a token.
/// </summary>
/// <remarks>A set of hashed pairs of UTF-16 units. A collision only keeps two parts together, which is right as well.</remarks>
internal sealed class JoinableCharacters
{
    private const int Bits = 19;
    private readonly uint[] _set = new uint[1 << (Bits - 5)];
    private bool _all;

    /// <summary>Notes a merge of these pieces.</summary>
    public void Add(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        uint hash = Hash(left[^1], right[0]);
        _set[hash >> 5] |= 1u << (int)(hash & 31);
    }

    /// <summary>For models whose symbols are not all characters (a merge of byte pieces, say): everything may join.</summary>
    public void AddAll() => _all = true;

    public bool MayJoin(char left, char right)
    {
        uint hash = Hash(left, right);
        return (_set[hash >> 5] >> (int)(hash & 31) & 1) != 0 || _all || char.IsLowSurrogate(right);
    }

    private static uint Hash(char left, char right) => (((uint)left << 16) | right) * 0x9E3779B1u >> (32 - Bits);
}
