using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Data.Examples;
using LongContext.TestSupport;

namespace LongContext.Data.Cleaning;

public sealed class DecontaminatorTests
{
    private const string Gram = "a b c"; // the n-gram of the tests, of three words and five characters

    private static NGramIndex Index(params string[] texts) =>
        NGramIndex.Build(texts.Select((text, i) => new EvaluationText(i < 2 ? "qa" : "sum", $"{i}", text)), new NGramIndexOptions { Length = 3, MinimumLength = 3 });

    private static TextExample Document(string text, long number = 1) => new TextExample(text) { Origin = new RecordOrigin("d.jsonl", number) };

    private static string[] Pieces(DecontaminationResult result) => [.. result.Examples.Select(example => ((TextExample)example).Text)];

    [Fact]
    public void Clean_Match_IsCutOutWithItsWindow()
    {
        Decontaminator cleaner = new(Index(Gram), new DecontaminationOptions { Window = 3, MinimumPiece = 4 });
        // The n-gram at 8 to 13; cut 5 to 16.
        const string text = "0123 67 a b c 4567890";
        DecontaminationResult result = cleaner.Clean(Document(text));
        Assert.Equal(DecontaminationOutcome.Cut, result.Outcome);
        Assert.Equal(["0123 ", "67890"], Pieces(result));
        Assert.All(result.Examples, piece => Assert.Equal(new RecordOrigin("d.jsonl", 1), piece.Origin));
        Assert.Equal(new NGramMatch(8, 13, Gram, "qa", "0"), Assert.Single(result.Matches));
        // A piece as long as the least is kept, one shorter is not.
        Assert.Equal(["0123 ", "67890"], Pieces(new Decontaminator(Index(Gram), new DecontaminationOptions { Window = 3, MinimumPiece = 5 }).Clean(Document(text))));
        DecontaminationResult none = new Decontaminator(Index(Gram), new DecontaminationOptions { Window = 3, MinimumPiece = 6 }).Clean(Document(text));
        Assert.Equal((DecontaminationOutcome.RemovedAsTooShort, 0), (none.Outcome, none.Examples.Count));
    }

    [Fact]
    public void Clean_DefaultOptions_AreGpt3s()
    {
        Decontaminator cleaner = new(Index(Gram));
        string before = new('x', 200), window = new('y', 199), after = new('z', 199);
        DecontaminationResult result = cleaner.Clean(Document($"{before}{window} {Gram} {window}{after}"));
        // 400 characters before the n-gram: 200 are left. Of 399 after it 199 are left: too few.
        Assert.Equal([before], Pieces(result));
    }

    [Fact]
    public void Clean_WindowsThatTouch_AreOneCut()
    {
        Decontaminator cleaner = new(Index(Gram), new DecontaminationOptions { Window = 2, MinimumPiece = 1 });
        //                   01234567890123456789012345678
        const string text = "long, a b c --- a b c, km a b";
        // The n-grams at 6 to 11 and 16 to 21 are cut as 4 to 13 and 14 to 23.
        Assert.Equal(["long", "-", "km a b"], Pieces(cleaner.Clean(Document(text))));
        // One character wider, 3 to 14 and 13 to 24 are one cut.
        Assert.Equal(["lon", "m a b"], Pieces(new Decontaminator(Index(Gram), new DecontaminationOptions { Window = 3, MinimumPiece = 1 }).Clean(Document(text))));
        // A window that reaches over both ends leaves nothing.
        Assert.Equal(DecontaminationOutcome.RemovedAsTooShort, cleaner.Clean(Document("- a b c -")).Outcome);
    }

    [Theory]
    [InlineData(1, "x😀", "😀y")] // the window ends between two pairs: no pair is touched
    [InlineData(2, "x", "y")] // in the midst of both pairs: they go whole
    [InlineData(3, "x", "y")]
    public void Clean_SurrogatePairs_AreNeverCut(int window, string before, string after)
    {
        Decontaminator cleaner = new(Index(Gram), new DecontaminationOptions { Window = window, MinimumPiece = 1 });
        Assert.Equal([before, after], Pieces(cleaner.Clean(Document($"x😀 {Gram} 😀y"))));
    }

    [Theory]
    [InlineData(9, DecontaminationOutcome.Cut)] // 9 n-grams apart leave 10 pieces
    [InlineData(10, DecontaminationOutcome.RemovedAsTooManyPieces)] // 11 pieces
    public void Clean_ManyPieces_RemoveTheDocument(int matches, DecontaminationOutcome expected)
    {
        Decontaminator cleaner = new(Index(Gram), new DecontaminationOptions { Window = 1, MinimumPiece = 3 });
        string text = "some" + string.Concat(Enumerable.Repeat($" {Gram} some", matches));
        DecontaminationResult result = cleaner.Clean(Document(text));
        Assert.Equal(expected, result.Outcome);
        Assert.Equal(expected == DecontaminationOutcome.Cut ? 10 : 0, result.Examples.Count);
    }

    [Fact]
    public void Clean_DialoguesAndRemove_GoWhole()
    {
        Decontaminator cutting = new(Index(Gram)), removing = new(Index(Gram), new DecontaminationOptions { Action = DecontaminationAction.Remove });
        // The match may reach over prompt and completion.
        Assert.Equal(DecontaminationOutcome.Removed, cutting.Clean(new PromptExample("say a b", "c, d")).Outcome);
        Assert.Equal(DecontaminationOutcome.Removed, cutting.Clean(new ChatExample([ChatTurn.User("a b c")])).Outcome);
        Assert.Equal(DecontaminationOutcome.Removed, removing.Clean(Document(new string('x', 900) + " a b c " + new string('x', 900))).Outcome);
        DecontaminationResult clean = cutting.Clean(new PromptExample("a b", "d"));
        Assert.Equal(DecontaminationOutcome.Clean, clean.Outcome);
        Assert.Equal(new PromptExample("a b", "d"), Assert.Single(clean.Examples));
    }

    [Fact]
    public void Count_FrequentNGrams_AreIgnored()
    {
        TrainingExample[] documents = [.. Enumerable.Range(0, 4).Select(i => Document(i < 3 ? "a b c and a b c" : "d e f", i))];
        DecontaminationOptions options = new() { MaximumDocuments = 2, Action = DecontaminationAction.Remove };
        foreach (int degree in (int[])[1, 3])
        {
            Decontaminator cleaner = new(Index("a b c", "d e f", "g h i"), options);
            cleaner.Count(DataSource.FromList(documents, seed: null), degree, TestContext.Current.CancellationToken);
            Assert.Equal(["a b c"], cleaner.IgnoredNGrams);
            Assert.Equal(DecontaminationOutcome.Clean, cleaner.Clean(documents[0]).Outcome);
            Assert.Equal(DecontaminationOutcome.Removed, cleaner.Clean(documents[3]).Outcome);
        }

        Decontaminator three = new(Index("a b c"), options with { MaximumDocuments = 3 });
        three.Count(DataSource.FromList(documents, seed: null), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(three.IgnoredNGrams); // in three documents, which is not more than three
        Assert.True(three.Ignore("A, b c!"));
        Assert.False(three.Ignore("x y z"));
        Assert.False(three.Ignore("a b"));
        Assert.Equal(DecontaminationOutcome.Clean, three.Clean(documents[0]).Outcome);
    }

    [Fact]
    public void Report_Sets_SayWhichEvaluationIsContaminated()
    {
        // qa: instances 0 (n-grams abc, bcd) and 1 (xyz); sum: 2 (abc, bce), 3 (too short).
        Decontaminator cleaner = new(Index("a b c d", "x y z", "a b c e", "q"), new DecontaminationOptions { Window = 0, MinimumPiece = 2, ReportedPassages = 1 });
        cleaner.Clean(Document("so a b c d then", 7));
        cleaner.Clean(Document("a b c", 8));
        cleaner.Clean(Document("nothing", 9));
        ContaminationReport report = cleaner.Report();
        Assert.Equal((3, 2, 2, 2), (report.Documents, report.Contaminated, report.PassageCount, report.Pieces));
        Assert.Equal(7 + 5, report.RemovedCharacters);
        Assert.Equal((1, 1, 1), (report.Outcomes[DecontaminationOutcome.Clean], report.Outcomes[DecontaminationOutcome.Cut], report.Outcomes[DecontaminationOutcome.RemovedAsTooShort]));
        Assert.Equal([new EvaluationSetContamination("qa", 2, 0, 1, 3, 2), new EvaluationSetContamination("sum", 2, 1, 1, 2, 1)], report.Sets);
        Assert.Equal((0.5, 1.0), (report.Sets[0].FoundShare, report.Sets[1].FoundShare));
        Assert.Equal([new ContaminatedInstance("qa", "0", 2, 2), new ContaminatedInstance("sum", "2", 2, 1)], report.Instances);
        Assert.Equal(new ContaminatedPassage(new RecordOrigin("d.jsonl", 7), 0, 3, 7, "qa", "0", "a b c", 2, DecontaminationOutcome.Cut), Assert.Single(report.Passages));
        Assert.Contains("3 documents, 2 contaminated: 1 Cut, 1 RemovedAsTooShort", report.ToText(), StringComparison.Ordinal);
        Assert.Contains("d.jsonl, line 7, character 3: qa 0, 2 n-grams from \"a b c\"", report.ToText(), StringComparison.Ordinal);

        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        report.Save(folder["report.jsonl"]);
        JsonNode[] lines = [.. File.ReadLines(folder["report.jsonl"]).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(["summary", "set", "set", "instance", "instance", "passage"], lines.Select(line => (string)line["kind"]!));
        Assert.Equal(2, (int)lines[0]["contaminated"]!);
        Assert.Equal("a b c", (string)lines[5]["ngram"]!);
        Assert.Equal(7, (int)lines[5]["number"]!);
    }

    [Fact]
    public void Decontaminate_StoppedAnywhere_GoesOn()
    {
        TrainingExample[] documents =
        [
            Document("plain text", 1), Document("first piece a b c second piece a b c third piece", 2), Document("a b c", 3), new PromptExample("a b", "c"), Document("end a b c of it", 4),
        ];
        IDataSource<TrainingExample> Make() => DataSource.FromList(documents, seed: 1, epochs: 2)
            .Decontaminate(new Decontaminator(Index(Gram), new DecontaminationOptions { Window = 1, MinimumPiece = 3 }));
        string[] whole = [.. Make().AsEnumerable(TestContext.Current.CancellationToken).Select(example => ((TextExample)example).Text)];
        Assert.Equal(2 * (1 + 3 + 2), whole.Length);
        for (int stop = 0; stop <= whole.Length; stop++)
        {
            IDataSource<TrainingExample> first = Make(), second = Make();
            for (int i = 0; i < stop; i++) first.Next(TestContext.Current.CancellationToken);
            second.Next(TestContext.Current.CancellationToken);
            second.Restore(first.Capture().ThroughAFile());
            Assert.Equal(whole[stop..], second.AsEnumerable(TestContext.Current.CancellationToken).Select(example => ((TextExample)example).Text));
        }

        StreamState state = Make().Capture();
        Assert.Throws<ArgumentException>(() => DataSource.FromList(documents, seed: 1, epochs: 2).Decontaminate(new Decontaminator(Index(Gram))).Restore(state));
        Decontaminator other = new(Index(Gram), new DecontaminationOptions { Window = 1, MinimumPiece = 3 });
        other.Ignore(Gram);
        Assert.Contains("1 ignored", Assert.Throws<ArgumentException>(() => DataSource.FromList(documents, seed: 1, epochs: 2).Decontaminate(other).Restore(state)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(null)]
    public void Decontaminate_AnyDegree_GivesTheSameAndReportsInTheDatasOrder(int? degree)
    {
        // Every third document is contaminated; the longest come first, so that by many threads the later ones are done before them.
        TrainingExample[] documents = [.. Enumerable.Range(0, 90).Select(i => Document($"{i} {string.Concat(Enumerable.Repeat("word ", i % 9 == 0 ? 20_000 : 5))}{(i % 3 == 0 ? Gram : "")}", i))];
        Decontaminator cleaner = new(Index(Gram), new DecontaminationOptions { Action = DecontaminationAction.Remove, ReportedPassages = 5 });
        long[] left = [.. DataSource.FromList(documents, seed: null).Decontaminate(cleaner, degree).AsEnumerable(TestContext.Current.CancellationToken).Select(example => example.Origin!.Number)];
        Assert.Equal(Enumerable.Range(0, 90).Where(i => i % 3 != 0).Select(i => (long)i), left);
        ContaminationReport report = cleaner.Report();
        Assert.Equal((90, 30, 30), (report.Documents, report.Contaminated, report.PassageCount));
        Assert.Equal([0L, 3, 6, 9, 12], report.Passages.Select(passage => passage.Document));
        Assert.Throws<ArgumentOutOfRangeException>("degreeOfParallelism", () => DataSource.FromList(documents, seed: null).Decontaminate(cleaner, 0));
    }

    [Fact]
    public void Identity_NamesNGramsOptionsAndWhatIsIgnored()
    {
        Decontaminator one = new(Index(Gram)), same = new(Index(Gram)), ignoring = new(Index(Gram));
        ignoring.Ignore(Gram);
        Assert.Equal(one.Identity, same.Identity);
        Assert.Equal(4, new[] { one, ignoring, new Decontaminator(Index("x y z")), new Decontaminator(Index(Gram), new DecontaminationOptions { Window = 7 }) }.Select(cleaner => cleaner.Identity).Distinct().Count());
    }

    [Fact]
    public void Clean_ConversationRemoved_CountsItsOwnCharacters()
    {
        Decontaminator cleaner = new(Index(Gram));
        cleaner.Clean(new ChatExample([ChatTurn.User("a b c"), ChatTurn.Assistant("yes")]));
        cleaner.Clean(new SegmentsExample([new TextSegment("a b", false), new TextSegment(" c", true)]));
        Assert.Equal(8 + 5, cleaner.Report().RemovedCharacters);
    }

    [Fact]
    public void Options_OutOfRange_AreAllNamed()
    {
        DecontaminationOptions bad = new() { Window = -1, MinimumPiece = -2, MaximumPieces = 0, MaximumDocuments = 0, ReportedPassages = -1, Action = (DecontaminationAction)9 };
        string message = Assert.Throws<ArgumentException>(() => new Decontaminator(Index(Gram), bad)).Message;
        foreach (string part in (string[])["Window is -1", "MinimumPiece is -2", "MaximumPieces is 0", "MaximumDocuments is 0", "ReportedPassages is -1", "Action is 9"])
            Assert.Contains(part, message, StringComparison.Ordinal);
    }
}
