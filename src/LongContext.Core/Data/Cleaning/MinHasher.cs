namespace LongContext.Data.Cleaning;

/// <summary>Makes MinHash signatures of texts, and compares texts by their shingles. Any number of threads may use one.</summary>
/// <remarks>
/// <para>A true permutation for each place of the signature, by vectors, rather than one permutation cut into bins: as fast as reading the
/// words here, and without the bias that filling empty bins of short texts brings.</para>
/// <para>Shingles are hashed to 64 bits by a rolling polynomial, of which the permutations take 32: of a million shingles 0.02 % meet by chance.</para>
/// </remarks>
public sealed class MinHasher
{
    private const int Block = 2048;

    private readonly MinHashOptions options;
    private readonly uint[] multipliers, offsets;
    private readonly string settings;

    /// <summary>Draws the permutations.</summary>
    /// <param name="options">Shingles and permutations; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public MinHasher(MinHashOptions? options = null)
    {
        this.options = options ??= new MinHashOptions();
        if (options.Faults() is { Count: > 0 } faults) throw new ArgumentException($"{nameof(MinHashOptions)}: {string.Join("; ", faults)}.", nameof(options));
        int padded = (options.Permutations + MinHashKernel.Multiple - 1) / MinHashKernel.Multiple * MinHashKernel.Multiple;
        multipliers = new uint[padded];
        offsets = new uint[padded];
        for (int i = 0; i < padded; i++)
        {
            ulong drawn = new SplitMix64(options.Seed, i).Next();
            multipliers[i] = (uint)drawn | 1;
            offsets[i] = (uint)(drawn >> 32);
        }

        settings = options.Settings;
    }

    /// <summary>Makes a text's signature.</summary>
    /// <param name="text">The text. One with fewer words than a shingle is one shingle.</param>
    /// <returns>The signature, or null where the text has no word.</returns>
    public MinHashSignature? Sign(ReadOnlySpan<char> text)
    {
        WordScanner scanner = WordScanner.OfThread;
        scanner.Scan(text);
        return Sign(scanner);
    }

    /// <summary>|A ∩ B| / |A ∪ B| of the two texts' sets of shingles, by their 64-bit hashes.</summary>
    /// <param name="first">A text.</param>
    /// <param name="second">Another.</param>
    /// <returns>From 0 to 1; 0 where neither has a word.</returns>
    public double Jaccard(ReadOnlySpan<char> first, ReadOnlySpan<char> second) => Jaccard(Shingles(first), Shingles(second));

    internal MinHashSignature? Sign(WordScanner scanner)
    {
        ReadOnlySpan<ulong> words = scanner.Hashes;
        if (words.IsEmpty) return null;
        int n = Math.Min(options.ShingleWords, words.Length), filled = 0;
        Span<uint> block = stackalloc uint[Block];
        uint[] minima = new uint[multipliers.Length];
        Array.Fill(minima, uint.MaxValue);
        RollingHash hash = new(n);
        for (int i = 0; i < n; i++) hash.Add(words[i]);
        block[filled++] = (uint)hash.Mixed;
        for (int i = n; i < words.Length; i++)
        {
            hash.Roll(words[i], words[i - n]);
            block[filled++] = (uint)hash.Mixed;
            if (filled < Block) continue;
            MinHashKernel.Lower(block, multipliers, offsets, minima);
            filled = 0;
        }

        MinHashKernel.Lower(block[..filled], multipliers, offsets, minima);
        return new MinHashSignature(minima.Length == options.Permutations ? minima : minima[..options.Permutations], settings);
    }

    internal ulong[] Shingles(ReadOnlySpan<char> text)
    {
        WordScanner scanner = WordScanner.OfThread;
        scanner.Scan(text);
        return Shingles(scanner);
    }

    /// <summary>The set of a text's shingles: their hashes, ascending, each once.</summary>
    internal ulong[] Shingles(WordScanner scanner)
    {
        ulong[] all = RollingHash.All(scanner.Hashes, options.ShingleWords);
        Array.Sort(all);
        int distinct = 0;
        for (int i = 0; i < all.Length; i++)
        {
            if (i == 0 || all[i] != all[i - 1]) all[distinct++] = all[i];
        }

        return all[..distinct];
    }

    internal static double Jaccard(ulong[] first, ulong[] second)
    {
        int common = 0, i = 0, j = 0;
        while (i < first.Length && j < second.Length)
        {
            ulong left = first[i], right = second[j];
            if (left == right) common++;
            if (left <= right) i++;
            if (right <= left) j++;
        }

        int union = first.Length + second.Length - common;
        return union == 0 ? 0 : (double)common / union;
    }
}
