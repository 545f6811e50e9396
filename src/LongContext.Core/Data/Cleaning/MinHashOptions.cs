namespace LongContext.Data.Cleaning;

/// <summary>How texts are cut into shingles and how many permutations are taken of them.</summary>
public sealed record MinHashOptions
{
    /// <summary>
    /// Words of a shingle, from 1 to 100. Default 5. A word stands between white space, in lower case and without punctuation and symbols; in
    /// scripts without spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan) every character is a word.
    /// </summary>
    public int ShingleWords { get; init; } = 5;

    /// <summary>Permutations, from 1 to 16,384; a signature has 4 bytes for each. Default 128.</summary>
    public int Permutations { get; init; } = 128;

    /// <summary>Decides the permutations. Default 0.</summary>
    public int Seed { get; init; }

    internal string Settings => FormattableString.Invariant($"{Permutations} permutations of {ShingleWords}-word shingles, seed {Seed}");

    internal List<string> Faults()
    {
        List<string> faults = [];
        if (ShingleWords is < 1 or > 100) faults.Add($"{nameof(ShingleWords)} is {ShingleWords}, expected 1 to 100");
        if (Permutations is < 1 or > 16_384) faults.Add($"{nameof(Permutations)} is {Permutations}, expected 1 to 16384");
        return faults;
    }
}
