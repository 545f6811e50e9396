using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>
/// Says of one document after the other whether it is a duplicate of an earlier one. Duplicates are not taken in themselves, so a chain of
/// small changes is cut where it has gone too far from a document that was kept.
/// </summary>
/// <remarks>
/// Memory for each document taken in: 4 bytes a permutation, and about 50 for each band and for the exact match; by default 1 to 1.2 kB. With
/// <see cref="CandidateCheck.Exact"/> 8 bytes for each distinct shingle besides. Used by one thread at a time.
/// </remarks>
public sealed class DuplicateIndex
{
    private readonly DuplicateOptions options;
    private readonly MinHasher hasher;
    private readonly LshTable? table;
    private readonly Dictionary<UInt128, int> exact = [];
    private readonly Dictionary<int, (MinHashSignature Signature, ulong[]? Shingles)> kept = [];

    /// <summary>Makes an empty index.</summary>
    /// <param name="options">What counts as a duplicate; null for the defaults. <see cref="DuplicateOptions.Keep"/> is no matter here: the first is kept.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public DuplicateIndex(DuplicateOptions? options = null)
    {
        this.options = options ??= new DuplicateOptions();
        options.Validate();
        hasher = new MinHasher(options.MinHash);
        table = options.Near ? new LshTable(options.EffectiveBands) : null;
    }

    /// <summary>Documents added so far, duplicates included.</summary>
    public int Count { get; private set; }

    /// <summary>Asks for a document, and takes it in where it is no duplicate.</summary>
    /// <param name="text">The document. One without a word is a duplicate of another only if the characters are the same.</param>
    /// <returns>The earlier document that it is a duplicate of (the exact one, else the most similar, of equals the first), or null.</returns>
    public DuplicateMatch? Add(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Add(new TextExample(text));
    }

    /// <summary>Asks for an example, and takes it in where it is no duplicate.</summary>
    /// <param name="example">The example; its parts are looked at as one text.</param>
    /// <returns>The earlier document that it is a duplicate of (the exact one, else the most similar, of equals the first), or null.</returns>
    public DuplicateMatch? Add(TrainingExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        DocumentKeys keys = DocumentKeys.Make(example, options, hasher);
        int number = Count++;
        if (options.Exact != ExactMatching.None && !exact.TryAdd(keys.Hash, number)) return new DuplicateMatch(exact[keys.Hash], DuplicateKind.Exact, 1);
        if (keys.Signature is null) return null;
        ulong[] bands = table!.Keys(keys.Signature.Values);
        DuplicateMatch? best = null;
        int left = options.MaximumCandidates ?? int.MaxValue;
        for (int band = 0; band < bands.Length; band++)
        {
            for (int link = table.First(band, bands[band]); link != LshTable.End && left > 0; link = table.Next(link), left--)
            {
                int candidate = table.Document(link);
                if (best?.Number == candidate) continue;
                (MinHashSignature signature, ulong[]? shingles) = kept[candidate];
                double similarity = options.Check == CandidateCheck.Exact ? MinHasher.Jaccard(keys.Shingles!, shingles!) : keys.Signature.EstimateJaccard(signature);
                if (options.Check != CandidateCheck.None && similarity < options.Threshold) continue;
                if (best is null || similarity > best.Similarity || (similarity == best.Similarity && candidate < best.Number))
                    best = new DuplicateMatch(candidate, DuplicateKind.Near, similarity);
            }
        }

        if (best is not null)
        {
            // What equals this one word by word is then a near-duplicate of the same document, which is in the index; this one is not.
            exact.Remove(keys.Hash);
            return best;
        }

        for (int band = 0; band < bands.Length; band++) table.Add(band, bands[band], number);
        kept.Add(number, (keys.Signature, keys.Shingles));
        return null;
    }
}
