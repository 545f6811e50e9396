using LongContext.Chat;
using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

public sealed class DuplicateFinderTests
{
    private static readonly string[] Base = [.. Enumerable.Range(0, 60).Select(i => $"w{i}")];

    /// <summary>The base text with its last words others: of 56 5-word shingles each, 56 − c in common.</summary>
    private static string Changed(int words, string mark = "x") => string.Join(' ', Base.Select((word, i) => i < 60 - words ? word : mark + word));

    /// <summary>60 words of a long row from a place on: 56 shingles, of which two such texts d apart share 56 − d, J = (56 − d)/(56 + d).</summary>
    private static string Shifted(int by) => string.Join(' ', Enumerable.Range(by, 60).Select(i => $"w{i}"));

    private static IDataSource<TrainingExample> Source(params string[] texts) => DataSource.FromList<TrainingExample>(
        [.. texts.Select((text, i) => new TextExample(text) { Origin = new RecordOrigin("a.jsonl", i + 1) })], seed: null);

    private static string Text(DuplicateReport report) => string.Join(" ", report.Clusters.Select(cluster =>
        $"{cluster.Kept.Number}:{string.Join(",", cluster.Duplicates.Select(member => $"{member.Number}{(member.Kind == DuplicateKind.Exact ? "e" : "n")}"))}"));

    [Fact]
    public void Find_ExactAndNear_AreInClustersWithTheFirstKept()
    {
        // Changing the last 2 of 60 words changes 2 shingles of 56: J = 54/58 = 0.93. Changing 30 changes 30: J = 26/86 = 0.30.
        DuplicateReport report = DuplicateFinder.Find(
            Source(Changed(0), "another text of a few words", Changed(2), "Another text - of a few words!", Changed(30), Changed(0).ToUpperInvariant()), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("0:2n,5e 1:3e", Text(report));
        Assert.Equal(6, report.Documents);
        Assert.Equal((2, 1), (report.ExactDuplicates, report.NearDuplicates));
        Assert.Equal(1, report.Clusters[0].Duplicates[1].Similarity);
        Assert.InRange(report.Clusters[0].Duplicates[0].Similarity, 0.8, 0.99);
        // Bytes: 60 words "w0".."w59" are 10·2 + 50·3 + 59 spaces = 229; two have one character more.
        Assert.Equal(231 + 229 + 30, report.DuplicateBytes);
        Assert.Contains("2 exact duplicates, 1 near-duplicates in 2 clusters", report.ToText(), StringComparison.Ordinal);
        Assert.Equal(report.ToText(), report.ToString());
    }

    [Fact]
    public void Find_Chains_AreOneCluster()
    {
        // Neighbours are 4 words apart (J = 52/60 = 0.87), the ends 12 (44/68 = 0.65).
        string[] chain = [Shifted(0), Shifted(4), Shifted(8), Shifted(12)];
        DuplicateOptions exact = new() { Check = CandidateCheck.Exact, Bands = new LshBands(128, 1) };
        Assert.Equal("0:1n,2n,3n", Text(DuplicateFinder.Find(Source(chain), exact, TestContext.Current.CancellationToken)));
        // 52/60 = 0.8667 is below 0.87: nothing.
        Assert.Equal("", Text(DuplicateFinder.Find(Source(chain), exact with { Threshold = 0.87 }, TestContext.Current.CancellationToken)));
        Assert.Equal("0:1n,2n,3n", Text(DuplicateFinder.Find(Source(chain), exact with { Threshold = 0.866 }, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Find_WithoutCheck_TakesEveryCandidate()
    {
        DuplicateOptions loose = new() { Check = CandidateCheck.None, Bands = new LshBands(128, 1) };
        Assert.Equal("0:1n", Text(DuplicateFinder.Find(Source(Changed(0), Changed(30), "nothing of this is in any other text here"), loose, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Find_KeepLongest_KeepsTheLongestAndOfEqualsTheFirst()
    {
        DuplicateOptions options = new() { Keep = KeptDuplicate.Longest };
        Assert.Equal("2:0n,1e,3n", Text(DuplicateFinder.Find(Source(Changed(0), Changed(0), Changed(2), Changed(1)), options, TestContext.Current.CancellationToken)));
        Assert.Equal("0:1e", Text(DuplicateFinder.Find(Source("a b!", "A b?"), options, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Find_ExactMatching_IsAsAsked()
    {
        TrainingExample[] examples =
        [
            new PromptExample("a", "b c"), new PromptExample("a b", "c"), new TextExample("a\nb c"), new TextExample("a\nb c"), new TextExample("A b c"),
            new ChatExample([ChatTurn.User("a"), ChatTurn.Assistant("b c")]), new ChatExample([ChatTurn.Assistant("a"), ChatTurn.User("b c")]),
        ];
        DuplicateReport Find(ExactMatching matching, bool near = false) => DuplicateFinder.Find(
            DataSource.FromList(examples, seed: null), new DuplicateOptions { Exact = matching, Near = near }, TestContext.Current.CancellationToken);
        Assert.Equal("2:3e", Text(Find(ExactMatching.Characters)));
        Assert.Equal("0:1e,2e,3e,4e,5e,6e", Text(Find(ExactMatching.Normalized)));
        Assert.Equal("0:1n,2n,3n,4n,5n,6n", Text(Find(ExactMatching.None, near: true)));
    }

    [Fact]
    public void Find_TextsWithoutWords_AreComparedByCharacters() =>
        Assert.Equal("0:2e", Text(DuplicateFinder.Find(Source("?!", "…", "?!"), cancellationToken: TestContext.Current.CancellationToken)));

    [Fact]
    public void Find_AnyDegree_GivesTheSame()
    {
        string[] texts = [.. Enumerable.Range(0, 600).Select(i => Changed((int)(new SplitMix64(5, i).Next() % 20), $"x{i % 7}"))];
        string[] results = [.. ((int?[])[1, 2, 7, null]).Select(degree =>
            Text(DuplicateFinder.Find(Source(texts), new DuplicateOptions { DegreeOfParallelism = degree }, TestContext.Current.CancellationToken)))];
        Assert.Single(results.Distinct());
        Assert.NotEqual("", results[0]);
    }

    /// <summary>All pairs by exact similarity, joined: with one row a band every pair above the threshold is a candidate, so nothing is missed.</summary>
    [Fact]
    public void Find_ManyTexts_AgreesWithAllPairs()
    {
        string[] texts = [.. Enumerable.Range(0, 150).Select(i => Changed((int)(new SplitMix64(6, i).Next() % 56), $"y{i % 3}"))];
        MinHasher hasher = new();
        int[] sets = [.. Enumerable.Range(0, texts.Length)];
        for (int i = 0; i < texts.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (sets[i] == sets[j] || hasher.Jaccard(texts[i], texts[j]) < 0.8) continue;
                (int from, int to) = (Math.Max(sets[i], sets[j]), Math.Min(sets[i], sets[j]));
                for (int k = 0; k < sets.Length; k++) sets[k] = sets[k] == from ? to : sets[k];
            }
        }

        string expected = string.Join(" ", Enumerable.Range(0, texts.Length).GroupBy(i => sets[i]).Where(set => set.Count() > 1).Select(set => string.Join(",", set)));
        DuplicateReport report = DuplicateFinder.Find(Source(texts), new DuplicateOptions { Check = CandidateCheck.Exact, Bands = new LshBands(128, 1) }, TestContext.Current.CancellationToken);
        Assert.Equal(expected, string.Join(" ", report.Clusters.Select(cluster => string.Join(",", cluster.Duplicates.Select(member => member.Number).Prepend(cluster.Kept.Number)))));
    }

    [Fact]
    public void Find_SimilarTextsByTheHundred_AreOneCluster()
    {
        // More than a bucket takes: 400 texts, each with one word of its own at the end (J = 55/57).
        string[] texts = [.. Enumerable.Range(0, 400).Select(i => $"{string.Join(' ', Base)} z{i}")];
        DuplicateReport report = DuplicateFinder.Find(Source(texts), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Single(report.Clusters);
        Assert.Equal(399, report.Clusters[0].Duplicates.Count);
    }

    [Fact]
    public void Find_SimilarOnlyToALateMemberOfALargeCluster_IsLinked()
    {
        // 60 words in common and 5 of each text's own: 61 shingles, of which two texts share 56, J = 56/66 = 0.85. The last one is text 150 without its
        // first 5 words: 56 shingles, all of them text 150's (J = 56/61 = 0.92), but of any other only 51 (51/66 = 0.77).
        string Tail(int i) => string.Join(' ', Enumerable.Range(0, 5).Select(w => $"t{i}x{w}"));
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => $"{string.Join(' ', Base)} {Tail(i)}"), $"{string.Join(' ', Base.Skip(5))} {Tail(150)}"];
        // One band of one place, drawn so that all texts share it: all depends on one bucket.
        MinHashOptions one = Enumerable.Range(0, 10_000).Select(seed => new MinHashOptions { Permutations = 1, Seed = seed })
            .First(options => new MinHasher(options) is var hasher && texts.Select(text => hasher.Sign(text)!.Values[0]).Distinct().Take(2).Count() == 1);
        DuplicateOptions exact = new() { Check = CandidateCheck.Exact, MinHash = one, Bands = new LshBands(1, 1) };
        DuplicateReport report = DuplicateFinder.Find(Source(texts), exact, TestContext.Current.CancellationToken);
        Assert.Equal(200, Assert.Single(report.Clusters).Duplicates.Count);
    }

    /// <summary>A page of one template: 24 words in common and 20 of its own. Of 40 shingles 20 are shared by all, J = 20/60; a band of one place is shared by all or by none.</summary>
    private static string[] Template(int pages, out DuplicateOptions options)
    {
        string[] texts = [.. Enumerable.Range(0, pages).Select(i => $"{string.Join(' ', Base.Take(24))} {string.Join(' ', Enumerable.Range(0, 20).Select(w => $"p{i}x{w}"))}")];
        MinHashOptions one = Enumerable.Range(0, 1_000_000).Select(seed => new MinHashOptions { Permutations = 1, Seed = seed })
            .First(options => new MinHasher(options) is var hasher && texts.Select(text => hasher.Sign(text)!.Values[0]).Distinct().Take(2).Count() == 1);
        options = new DuplicateOptions { Check = CandidateCheck.Exact, MinHash = one, Bands = new LshBands(1, 1) };
        return texts;
    }

    [Fact]
    public void Find_MoreCandidatesThanAllowed_ComparesWithTheLatestAndSaysSo()
    {
        string[] texts = Template(12, out DuplicateOptions options);
        // Text 12 is text 2 with one more word at its end: 40 of 41 shingles. Before it 9 others stand between the two.
        string[] all = [.. texts, texts[2] + " more"];
        DuplicateReport bounded = DuplicateFinder.Find(Source(all), options with { MaximumCandidates = 9 }, TestContext.Current.CancellationToken);
        // Texts 10 and 11 have 10 and 11 before them, and the last has 12.
        Assert.Equal(("", 3), (Text(bounded), bounded.CutShort));
        Assert.Contains("3 documents were compared with", bounded.ToText(), StringComparison.Ordinal);
        DuplicateReport enough = DuplicateFinder.Find(Source(all), options with { MaximumCandidates = 10 }, TestContext.Current.CancellationToken);
        Assert.Equal(("2:12n", 2), (Text(enough), enough.CutShort)); // text 11, and the last: with text 2 found, texts 1 and 0 are left
        DuplicateReport unbounded = DuplicateFinder.Find(Source(all), options with { MaximumCandidates = null }, TestContext.Current.CancellationToken);
        Assert.Equal(("2:12n", 0), (Text(unbounded), unbounded.CutShort));
        Assert.DoesNotContain("were compared with", unbounded.ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Add_MoreCandidatesThanAllowed_ComparesWithTheLatest()
    {
        string[] texts = Template(12, out DuplicateOptions options);
        DuplicateIndex few = new(options with { MaximumCandidates = 9 }), enough = new(options with { MaximumCandidates = 10 });
        foreach (string text in texts) Assert.Equal((null, null), (few.Add(text), enough.Add(text)));
        Assert.Null(few.Add(texts[2] + " more"));
        Assert.Equal(new DuplicateMatch(2, DuplicateKind.Near, 40.0 / 41), enough.Add(texts[2] + " more"));
    }

    [Fact]
    public void Find_SegmentsExamples_AreTheirText()
    {
        SegmentsExample pieces = new([new TextSegment("question one ", false), new TextSegment("answer one", true)]);
        DuplicateReport report = DuplicateFinder.Find(DataSource.FromList<TrainingExample>([pieces, new TextExample("question one answer one")], seed: null), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("0:1e", Text(report));
    }

    [Fact]
    public void ToExclusionList_Origins_AreTheDuplicates()
    {
        DuplicateReport report = DuplicateFinder.Find(Source(Changed(0), "b", Changed(1), "B!"), cancellationToken: TestContext.Current.CancellationToken);
        ExclusionList list = report.ToExclusionList();
        Assert.Equal([new RecordOrigin("a.jsonl", 3), new RecordOrigin("a.jsonl", 4)], list.Origins.OrderBy(origin => origin.Number));
        Assert.Equal("the same as a.jsonl, line 2", list.ReasonFor(new RecordOrigin("a.jsonl", 4)));
        Assert.StartsWith("near-duplicate of a.jsonl, line 1 (similarity 0.", list.ReasonFor(new RecordOrigin("a.jsonl", 3)), StringComparison.Ordinal);
    }

    [Fact]
    public void ToExclusionList_OriginsMissingOrRepeated_AreRefused()
    {
        DuplicateReport made = DuplicateFinder.Find(DataSource.FromList<TrainingExample>([new TextExample("a"), new TextExample("a")], seed: null), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("Document 1 has no origin", Assert.Throws<InvalidOperationException>(made.ToExclusionList).Message, StringComparison.Ordinal);
        DuplicateReport twice = DuplicateFinder.Find(
            DataSource.FromList<TrainingExample>([new TextExample("a") { Origin = new RecordOrigin("f", 1) }], seed: null, epochs: 2), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("gave f, line 1 twice", Assert.Throws<InvalidOperationException>(twice.ToExclusionList).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_Cancelled_Ends() =>
        Assert.Throws<OperationCanceledException>(() => DuplicateFinder.Find(Source("a"), cancellationToken: new CancellationToken(true)));

    [Fact]
    public void Options_OutOfRange_AreAllNamed()
    {
        DuplicateOptions bad = new() { Exact = ExactMatching.None, Near = false, Threshold = 1, Bands = new LshBands(13, 10), DegreeOfParallelism = 0, MaximumCandidates = 0, MinHash = new MinHashOptions { ShingleWords = 0 } };
        string message = Assert.Throws<ArgumentException>(() => new DuplicateIndex(bad)).Message;
        foreach (string part in (string[])["nothing to look for", "Threshold is 1", "13 bands of 10 rows", "128 permutations", "DegreeOfParallelism is 0", "MaximumCandidates is 0", "MinHash.ShingleWords is 0"])
            Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Add_Documents_SaysOfWhichTheyAreDuplicates()
    {
        DuplicateIndex index = new();
        Assert.Null(index.Add(Changed(0)));
        Assert.Null(index.Add("quite another text"));
        Assert.Equal(new DuplicateMatch(1, DuplicateKind.Exact, 1), index.Add("Quite another text."));
        DuplicateMatch? near = index.Add(Changed(2));
        Assert.Equal((0, DuplicateKind.Near), (near!.Number, near.Kind));
        // The same again: the near-duplicate was not taken in, so the match is with the document that was.
        Assert.Equal(near, index.Add(Changed(2)));
        Assert.Null(index.Add(Changed(40)));
        Assert.Null(index.Add("!"));
        Assert.Equal(new DuplicateMatch(6, DuplicateKind.Exact, 1), index.Add("!"));
        Assert.Equal(8, index.Count);
    }

    [Fact]
    public void Add_Chain_IsCutWhereItIsTooFarFromTheKept()
    {
        // 52/60 of the one before each, but the third has 48/64 = 0.75 with the first, which alone was kept.
        DuplicateIndex index = new(new DuplicateOptions { Check = CandidateCheck.Exact, Bands = new LshBands(128, 1) });
        Assert.Null(index.Add(Shifted(0)));
        Assert.Equal(52.0 / 60, index.Add(Shifted(4))!.Similarity, 12);
        Assert.Null(index.Add(Shifted(8)));
        // Both kept ones are candidates; the nearer is named: 52/60 with the third, 44/68 with the first.
        Assert.Equal(new DuplicateMatch(2, DuplicateKind.Near, 52.0 / 60), index.Add(Shifted(12)));
    }
}
