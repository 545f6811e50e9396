using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>All that duplicates are found by; made from one document alone, so by any thread.</summary>
internal readonly record struct DocumentKeys(UInt128 Hash, MinHashSignature? Signature, ulong[]? Shingles, long Bytes, long Characters)
{
    public static DocumentKeys Make(TrainingExample example, DuplicateOptions options, MinHasher hasher)
    {
        string text = ExampleTexts.Of(example);
        WordScanner scanner = WordScanner.OfThread;
        if (options.Near || options.Exact == ExactMatching.Normalized) scanner.Scan(text);
        UInt128 hash = options.Exact switch
        {
            // Texts of no words at all are told apart by their characters: "?!" is no duplicate of "…".
            ExactMatching.Normalized when scanner.Count > 0 => XxHash128.HashToUInt128(MemoryMarshal.AsBytes(scanner.Normalized)),
            ExactMatching.None => 0,
            _ => HashCharacters(example),
        };
        MinHashSignature? signature = options.Near ? hasher.Sign(scanner) : null;
        return new DocumentKeys(
            hash, signature, signature is not null && options.Check == CandidateCheck.Exact ? hasher.Shingles(scanner) : null, Encoding.UTF8.GetByteCount(text), text.Length);
    }

    private static UInt128 HashCharacters(TrainingExample example)
    {
        XxHash128 hash = new();
        hash.Append(MemoryMarshal.AsBytes(example.GetType().Name.AsSpan()));
        Fingerprint.Append(hash, example);
        return hash.GetCurrentHashAsUInt128();
    }
}
