using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Data;
using LongContext.Data.Cleaning;
using LongContext.Data.Examples;

namespace LongContext.Benchmarks.Data;

/// <summary>
/// The worst that a search for near-duplicates can meet: pages of one template that all share a band and of which no two are similar enough, so that every page is compared with
/// all before it. Baseline: without a bound on the candidates.
/// </summary>
[Work("documents", 1, Parameter = nameof(Documents))]
public class TemplatePagesBenchmarks
{
    private const int CommonWords = 204, OwnWords = 100; // 200 and 100 shingles of 300: J = 200/400

    private string[] pages = [];
    private DuplicateOptions options = new();

    /// <summary>Pages of about 2,000 characters.</summary>
    [Params(5_000, 10_000, 20_000)]
    public int Documents { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        string common = string.Join(' ', Enumerable.Range(0, CommonWords).Select(word => $"word{word}"));
        pages = [.. Enumerable.Range(0, Documents).Select(page => $"{common} {string.Join(' ', Enumerable.Range(0, OwnWords).Select(word => $"p{page}x{word}"))}")];
        // Bands of one place: of 128, half are the template's in every page.
        options = new DuplicateOptions { Bands = new LshBands(1, 1), DegreeOfParallelism = 1 };
        MinHashSignature[] signatures = [.. pages.Take(200).Select(page => new MinHasher(options.MinHash).Sign(page)!)];
        Console.WriteLine($"// {signatures.GroupBy(signature => signature.Values[0]).Max(group => group.Count())} of 200 pages share the band");
    }

    [Benchmark(Baseline = true)]
    public int WithoutBound() => Find(options with { MaximumCandidates = null });

    [Benchmark]
    public int WithBound() => Find(options);

    private int Find(DuplicateOptions asked) =>
        DuplicateFinder.Find(DataSource.FromFunction<TrainingExample>(i => new TextExample(pages[i]), pages.Length), asked).CutShort;
}
