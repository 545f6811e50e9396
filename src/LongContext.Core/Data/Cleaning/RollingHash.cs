namespace LongContext.Data.Cleaning;

/// <summary>Hashes of all n words in a row: a polynomial over the words' hashes, modulo 2⁶⁴, carried from each n-gram to the next.</summary>
internal struct RollingHash
{
    private const ulong Base = 0x9FB21C651E98DF25;

    private readonly ulong leaving; // Base to the n
    private ulong value;

    public RollingHash(int n)
    {
        leaving = 1;
        for (int i = 0; i < n; i++) leaving = unchecked(leaving * Base);
    }

    /// <summary>The hash with a word more, before any has to leave.</summary>
    public void Add(ulong word) => value = unchecked((value + word) * Base);

    /// <summary>The hash with a word more at the end and one less at the beginning.</summary>
    public void Roll(ulong entering, ulong left) => value = unchecked((value - (left * leaving) + entering) * Base);

    /// <summary>The n-gram's hash, every bit of which depends on all words.</summary>
    public readonly ulong Mixed
    {
        get
        {
            ulong mixed = unchecked((value ^ (value >> 32)) * 0xD6E8FEB86659FD93);
            return mixed ^ (mixed >> 32);
        }
    }

    /// <summary>Hashes of all n-grams; of a shorter text with any word, of the whole.</summary>
    public static ulong[] All(ReadOnlySpan<ulong> words, int n)
    {
        if (words.IsEmpty) return [];
        n = Math.Min(n, words.Length);
        ulong[] grams = new ulong[words.Length - n + 1];
        RollingHash hash = new(n);
        for (int i = 0; i < n; i++) hash.Add(words[i]);
        grams[0] = hash.Mixed;
        for (int i = n; i < words.Length; i++)
        {
            hash.Roll(words[i], words[i - n]);
            grams[i - n + 1] = hash.Mixed;
        }

        return grams;
    }
}
