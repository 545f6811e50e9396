using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Data;
using LongContext.Data.Cleaning;
using LongContext.Data.Examples;

namespace LongContext.Benchmarks.Data;

/// <summary>
/// What cleaning takes for each character of English prose, on one core. Baseline: MinHash of 128 permutations by a loop over them for each shingle, words cut
/// out as strings.
/// </summary>
[Work("MB", 1e-6, Parameter = nameof(Characters))]
public class CleaningBenchmarks
{
    private const int DocumentCharacters = 4000, ShingleWords = 5, Permutations = 128;

    private readonly uint[] multipliers = [.. Enumerable.Range(0, Permutations).Select(i => (uint)((2654435761u * (uint)(i + 1)) | 1))];
    private readonly uint[] offsets = [.. Enumerable.Range(0, Permutations).Select(i => 2246822519u * (uint)i)];
    private readonly MinHasher hasher = new(new MinHashOptions { ShingleWords = ShingleWords, Permutations = Permutations });
    private string[] documents = [];
    private NGramIndex index = NGramIndex.Build([]);
    private readonly QualityFilter filter = QualityFilter.Gopher();

    /// <summary>Characters of all documents of 4,000 each; all of them are of one byte.</summary>
    [Params(2_000_000)]
    public int Characters { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        string prose = Material.Prose(Characters);
        documents = [.. Enumerable.Range(0, Characters / DocumentCharacters).Select(i => prose.Substring(i * DocumentCharacters, DocumentCharacters))];
        // A million 13-grams of words that prose has, in an order that it has not, and one passage that it has.
        string[] words = [.. prose.Split(' ').Distinct().Take(5000)];
        var random = new Random(1);
        index = NGramIndex.Build(Enumerable.Range(0, 20_000)
            .Select(i => new EvaluationText("made", $"{i}", string.Join(' ', Enumerable.Range(0, 62).Select(_ => words[random.Next(words.Length)]))))
            .Append(new EvaluationText("real", "0", prose.Substring(DocumentCharacters / 2, 200))));
        Agreement.Require("documents with the passage", 1, documents.Count(document => index.Find(document).Count > 0), 0);
        Agreement.Require("places of a signature", PlainMinHash.Sign(documents[0], ShingleWords, multipliers, offsets).Length, hasher.Sign(documents[0])!.Values.Length, 0);
    }

    [Benchmark(Baseline = true)]
    public uint PlainSignatures()
    {
        uint sum = 0;
        foreach (string document in documents) sum += PlainMinHash.Sign(document, ShingleWords, multipliers, offsets)[0];
        return sum;
    }

    [Benchmark]
    public uint Signatures()
    {
        uint sum = 0;
        foreach (string document in documents) sum += hasher.Sign(document)!.Values[0];
        return sum;
    }

    /// <summary>Signatures, exact hashes, bands and clusters.</summary>
    [Benchmark]
    public int FindDuplicates() => DuplicateFinder.Find(
        DataSource.FromFunction<TrainingExample>(i => new TextExample(documents[i]), documents.Length), new DuplicateOptions { DegreeOfParallelism = 1 }).NearDuplicates;

    /// <summary>A scan for a million 13-grams.</summary>
    [Benchmark]
    public int FindNGrams()
    {
        int sum = 0;
        foreach (string document in documents) sum += index.Find(document).Count;
        return sum;
    }

    /// <summary>Gopher's rules and those on characters.</summary>
    [Benchmark]
    public int Filter() => documents.Count(document => filter.Examine(new TextExample(document)) is null);
}
