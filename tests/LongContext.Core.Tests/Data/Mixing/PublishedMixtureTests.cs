using System.Text.Json;
using LongContext.Data.Cleaning;
using LongContext.Data.Examples;
using LongContext.Data.Making;
using LongContext.Data.Operators;
using LongContext.Data.Reading;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Data.Mixing;

/// <summary>On files of words that QuickStart's tokenizer has: a text of n words is n + 2 tokens, its beginning and its end included.</summary>
public sealed class PublishedMixtureTests : IDisposable
{
    private const int Context = 64, Least = 16;

    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();
    private readonly HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(Path.Combine(TestPaths.RepositoryRoot!, "samples", "QuickStart", "BaseModel"));
    private readonly List<OpenMixture> opened = [];

    public void Dispose()
    {
        opened.ForEach(mixture => mixture.Dispose());
        folder.Dispose();
    }

    [Fact]
    public void Open_MissingSharesAndFiles_ListsThemAll()
    {
        File.WriteAllText(folder["a.jsonl"], "{\"text\":\"able\"}\n");
        LongContextPretrainingMixture mixture = new()
        {
            Books = MixtureShare.Of(folder["none*.jsonl"], folder["a.jsonl"], folder["nowhere"]),
            Papers = MixtureShare.Of(),
            DenoisingTexts = MixtureShare.Of(folder["a.jsonl"]) with { Epochs = 0 },
            DenoisingOptions = new TextDenoiserOptions { Denoisers = [] },
            ContextLength = 3,
            ShuffleWindow = 0,
            Threads = 0,
        };
        string message = Assert.Throws<ArgumentException>(() => mixture.Open(tokenizer)).Message;
        foreach (string part in (string[])["Books (25 %: books): ", "none*.jsonl", "nowhere", "Papers (25 %: papers with abstracts): There is no pattern", "WebAndCode (25 %: other web text and code) is missing", "DenoisingTexts (25 %", "Epochs is 0", "ContextLength is 3", "MinimumTokens is 2048", "ShuffleWindow is 0", "Threads is 0", "DenoisingOptions: "])
            Assert.Contains(part, message, StringComparison.Ordinal);

        message = Assert.Throws<ArgumentException>(() => new FewShotTuningMixture().Open(tokenizer)).Message;
        foreach (string share in (string[])["NaturalInstructions (20 %", "PromptCollections (20 %", "GeneralText (20 %", "Books (20 %", "Papers (20 %"]) Assert.Contains($"- {share}", message, StringComparison.Ordinal);
        message = Assert.Throws<ArgumentException>(() => new LongContextPretrainingMixture().Open(tokenizer)).Message;
        foreach (string share in (string[])["Books", "Papers", "WebAndCode", "Denoising"]) Assert.Contains($"- {share} (25 %", message, StringComparison.Ordinal);
        Assert.Equal(5, message.Split('\n').Length);
        LongContextPretrainingMixture both = Pretraining() with { Denoising = MixtureShare.Of(folder["books.jsonl"]) };
        Assert.Contains("both given", Assert.Throws<ArgumentException>(() => both.Open(tokenizer)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pretraining_Shares_AreAQuarterEachOfTheTokens()
    {
        using OpenMixture mixture = Pretraining().Open(tokenizer);
        int sequences = 0;
        while (mixture.Next(TestContext.Current.CancellationToken) is { } sequence)
        {
            sequences++;
            Assert.InRange(sequence.Length, Least, Context);
            MixtureReport given = mixture.Report.Given;
            Assert.All(given.Sources, share => Assert.InRange(share.Tokens - (0.25 * given.Tokens), -0.75 * Context, 0.75 * Context));
        }

        PublishedMixtureReport report = mixture.Report;
        Assert.Equal(sequences, report.Given.Items);
        Assert.InRange(sequences, 60, 1000);
        Assert.Equal(["Books", "Papers", "WebAndCode", "DenoisingTexts"], report.Given.Sources.Select(share => share.Name));
        Assert.Single(report.Given.Ended);
        Assert.Contains("left out", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Pretraining_ShortSequences_AreLeftOutAndCounted()
    {
        // Words: 13 is 15 tokens, too short; 14 is 16, kept; 200 is 202: after the first token, 201 are cut into 63 + 63 + 63 + 12, of which the
        // last, 13 with its own first token, is too short; 62 is 64, the whole context; 63 is 65: 63 and 1, the latter 2 tokens, too short.
        Write("books.jsonl", [13, 14, 200, 62, 63]);
        using OpenMixture mixture = (Pretraining(make: false) with { End = MixtureEnd.GoOnWithOthers, ShuffleWindow = 1 }).Open(tokenizer);
        while (mixture.Next(TestContext.Current.CancellationToken) is not null)
        {
        }

        PublishedMixtureReport report = mixture.Report;
        Assert.Equal((6L, 16L + (3 * 64) + 64 + 64), (report.Given.Sources[0].Items, report.Given.Sources[0].Tokens));
        Assert.Equal(new ShareExclusions("Books", 5, 3, 15 + 13 + 2, 0, 0, 0), report.Excluded[0]);
    }

    [Fact]
    public void Pretraining_DenoisingTexts_BecomeTasksThatFitAndLoseNothing()
    {
        Write("texts.jsonl", [9, 40, 150]);
        TextDenoiserOptions options = new() { Form = DenoisingForm.Instructions, Seed = 3 };
        DenoisedPieces pieces = new(new TextDenoiser(options), new ExampleEncoder(tokenizer), Context);
        string[] texts = [.. File.ReadLines(folder["texts.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!)];
        for (int i = 0; i < texts.Length; i++)
        {
            IReadOnlyList<TrainingExample> made = pieces.Make(new TextExample(texts[i]), i);
            Assert.True(texts[i].Length < 300 || made.Count > 2);
            Assert.All(made, example => Assert.InRange(new ExampleEncoder(tokenizer).Encode(example).Length, 4, Context));
            string whole = string.Concat(made.Select(example => new TextDenoiser(options).Restore((PromptExample)example)));
            // A last word alone has nothing to take away.
            Assert.StartsWith(whole, texts[i], StringComparison.Ordinal);
            Assert.InRange(texts[i][whole.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Length, 0, 1);
        }
    }

    [Fact]
    public void FewShot_Tasks_FillTheContext()
    {
        using OpenMixture mixture = FewShot().Open(tokenizer);
        List<TokenSequence> sequences = [];
        while (mixture.Next(TestContext.Current.CancellationToken) is { } sequence) sequences.Add(sequence);
        PublishedMixtureReport report = mixture.Report;
        Assert.All(report.Given.Sources, share => Assert.InRange(share.Tokens - (0.2 * report.Given.Tokens), -0.8 * Context, 0.8 * Context));

        // A task is 4 to 9 tokens, so a sequence that would hold one more has room for 9 at least; only a share's very last one may.
        TokenSequence[] packs = [.. sequences.Where(sequence => tokenizer.Decode(sequence.Tokens.ToArray()).Contains("<repeat>", StringComparison.Ordinal))];
        Assert.True(packs.Length > 20);
        Assert.InRange(packs.Count(pack => pack.Length < Context - 9), 0, 2);
    }

    [Fact]
    public void FewShot_LossOfAnswers_CountsThemAlone()
    {
        OpenMixture mixture = Opened(FewShot() with { Loss = InContextLoss.Answers, End = MixtureEnd.GoOnWithOthers });
        TokenSequence[] packs = [.. mixture.AsEnumerable(TestContext.Current.CancellationToken).Where(sequence => sequence.Tokens.Span.Contains(3))];
        Assert.True(packs.Length > 20);
        Dictionary<string, string> answers = File.ReadLines(folder["ni.jsonl"]).Concat(File.ReadLines(folder["p3.jsonl"])).Select(line => JsonDocument.Parse(line).RootElement)
            .ToDictionary(task => task.GetProperty("prompt").GetString()! + task.GetProperty("completion").GetString()!, task => task.GetProperty("completion").GetString()!);
        foreach (TokenSequence pack in packs)
        {
            // Tasks begin with their sign, token 3; what counts of each must be its very answer.
            int[] tokens = pack.Tokens.ToArray();
            int[] starts = [.. Enumerable.Range(0, tokens.Length).Where(i => tokens[i] == 3), tokens.Length - 1];
            Assert.False(pack.LossMask.Span[0]);
            Assert.True(pack.LossMask.Span[^1]); // the end, which belongs to the last answer
            for (int task = 0; task + 1 < starts.Length; task++)
            {
                string whole = string.Join(' ', Enumerable.Range(starts[task], starts[task + 1] - starts[task]).Select(i => tokenizer.GetToken(tokens[i])));
                string counted = string.Join(' ', Enumerable.Range(starts[task], starts[task + 1] - starts[task]).Where(i => pack.LossMask.Span[i]).Select(i => tokenizer.GetToken(tokens[i])));
                Assert.Equal(answers[whole], counted);
            }
        }
    }

    [Theory]
    [InlineData(MixtureEnd.StopAtFirst)]
    [InlineData(MixtureEnd.StopAtLast)]
    public void Mixtures_Stopped_GoOnAnywhere(MixtureEnd end)
    {
        Walks.AssertResumesAnywhere(() => Opened(Pretraining() with { End = end }), most: 24);
        Walks.AssertResumesAnywhere(() => Opened(FewShot() with { End = end, GroupBy = example => ((PromptExample)example).Completion[..1] }), most: 24);
        foreach (int stop in new[] { 31, 60, 85 })
        {
            // Into the second pass of a share, with its counts.
            OpenMixture first = Opened(Pretraining() with { End = end }), second = Opened(Pretraining() with { End = end });
            first.Walk(stop);
            second.Restore(first.Capture().ThroughAFile());
            Assert.Equal(first.Walk(), second.Walk());
            Assert.Equal(first.Report.Given.Sources, second.Report.Given.Sources);
            Assert.Equal(first.Report.Excluded, second.Report.Excluded);
        }
    }

    [Fact]
    public void Mixtures_SeedAndPasses_GiveOtherOrders()
    {
        List<string> walk = Opened(Pretraining()).Walk();
        Assert.Equal(walk, Opened(Pretraining() with { Threads = 1 }).Walk());
        Assert.NotEqual(walk, Opened(Pretraining() with { Seed = 1 }).Walk());

        // A share of twenty documents, twice: the same ones in two orders.
        Write("books.jsonl", [.. Enumerable.Repeat(30, 20)]);
        LongContextPretrainingMixture twice = Pretraining(make: false) with { Books = MixtureShare.Of(folder["books.jsonl"]) with { Epochs = 2 }, End = MixtureEnd.GoOnWithOthers };
        HashSet<string> books = [.. RecordSource.FromFiles([folder["books.jsonl"]]).AsEnumerable(TestContext.Current.CancellationToken).Select(record => (string)record.Fields["text"]!)];
        string[] given = [.. Opened(twice).AsEnumerable(TestContext.Current.CancellationToken).Select(sequence => string.Join(' ', sequence.Tokens.ToArray()[1..^1].Select(tokenizer.GetToken))).Where(books.Contains)];
        Assert.Equal(40, given.Length);
        Assert.Equal(given[..20].Order(), given[20..].Order());
        Assert.NotEqual(given[..20], given[20..]);
    }

    [Fact]
    public void Clean_Shares_ByName()
    {
        List<string> names = [];
        LongContextPretrainingMixture mixture = Pretraining() with
        {
            End = MixtureEnd.GoOnWithOthers,
            Clean = (name, examples) =>
            {
                names.Add(name);
                return name == "Papers" ? examples.Where(_ => false) : examples;
            },
        };
        OpenMixture open = Opened(mixture);
        open.Walk();
        Assert.Equal(["Books", "Papers", "WebAndCode", "DenoisingTexts"], names);
        Assert.Equal(0, open.Report.Given.Sources[1].Items);
        Assert.All(new[] { 0, 2, 3 }, i => Assert.True(open.Report.Given.Sources[i].Items > 0));
    }

    [Fact]
    public void Clean_Shards_GiveEachWorkerAPartOfEveryShare()
    {
        LongContextPretrainingMixture given = Pretraining(), whole = given with { DenoisingTexts = null, Denoising = given.DenoisingTexts, End = MixtureEnd.GoOnWithOthers };
        string[] all = Sequences(Opened(whole));
        string[][] parts = [.. Enumerable.Range(0, 3).Select(worker => Sequences(Opened(whole with { Clean = (_, examples) => examples.Shard(worker, 3) })))];
        Assert.All(parts, part => Assert.InRange(part.Length, all.Length / 5, all.Length / 2));
        Assert.Equal(all.Order(), parts.SelectMany(part => part).Order());
    }

    [Fact]
    public void Identity_WhatDecidesTheSequences_IsPartOfIt()
    {
        LongContextPretrainingMixture mixture = Pretraining();
        string same = Opened(mixture).Identity;
        OpenMixture moved = Opened(mixture);
        moved.Next(TestContext.Current.CancellationToken);
        Assert.Equal(same, moved.Identity);
        MixtureShare books = mixture.Books!;
        string[] others =
        [
            .. new[]
            {
                mixture with { Seed = 1 }, mixture with { ContextLength = Context + 1 }, mixture with { MinimumTokens = Least + 1 }, mixture with { End = MixtureEnd.Repeat },
                mixture with { Books = books with { Epochs = 2 } }, mixture with { Books = books with { Columns = ColumnMap.Text() } },
                mixture with { Books = books with { Reading = new RecordSourceOptions { BadLines = BadLines.Skip } } },
                mixture with { Books = mixture.Papers, Papers = books }, mixture with { Clean = (_, examples) => examples.Where(_ => true, "all") },
                mixture with { DenoisingOptions = new TextDenoiserOptions() },
            }.Select(other => Opened(other).Identity),
            Opened(FewShot()).Identity,
        ];
        Assert.Equal(others.Length + 1, others.Append(same).Distinct().Count());
        string encoder = Opened(mixture, new ExampleEncoder(tokenizer, options: new ExampleEncoderOptions { AddsEndOfSentence = false })).Identity;
        Assert.DoesNotContain(encoder, others.Append(same));
    }

    private static string[] Sequences(OpenMixture mixture) => [.. mixture.AsEnumerable(TestContext.Current.CancellationToken).Select(sequence => string.Join(' ', sequence.Tokens.ToArray()))];

    private OpenMixture Opened(PublishedMixture mixture, ExampleEncoder? encoder = null)
    {
        opened.Add(mixture.Open(tokenizer, encoder));
        return opened[^1];
    }

    private LongContextPretrainingMixture Pretraining(bool make = true)
    {
        if (make || !File.Exists(folder["books.jsonl"])) Write("books.jsonl", [400, 300, 11, 250]);
        Write("papers.jsonl", [.. Enumerable.Range(0, 24).Select(i => 5 + (i * 17 % 90))]);
        Write("web.jsonl", [.. Enumerable.Range(0, 60).Select(i => 3 + (i * 7 % 40))]);
        Write("texts.jsonl", [.. Enumerable.Range(0, 16).Select(i => 20 + (i * 13 % 60))]);
        return new LongContextPretrainingMixture
        {
            Books = MixtureShare.Of(folder["books.jsonl"]),
            Papers = MixtureShare.Of(folder["papers.jsonl"]),
            WebAndCode = MixtureShare.Of(folder["web.jsonl"]),
            DenoisingTexts = MixtureShare.Of(folder["texts.jsonl"]),
            ContextLength = Context,
            MinimumTokens = Least,
            ShuffleWindow = 7,
            Threads = 2,
        };
    }

    private FewShotTuningMixture FewShot()
    {
        LongContextPretrainingMixture texts = Pretraining();
        foreach (string name in new[] { "ni", "p3" })
        {
            SplitMix64 random = new(name.Length, name[0]);
            File.WriteAllLines(folder[name + ".jsonl"], Enumerable.Range(0, 160).Select(_ => JsonSerializer.Serialize(new
            {
                prompt = "<repeat> " + Words(1 + random.NextInt(4), ref random) + " ",
                completion = Words(2 + random.NextInt(3), ref random),
            })));
        }

        return new FewShotTuningMixture
        {
            NaturalInstructions = MixtureShare.Of(folder["ni.jsonl"]),
            PromptCollections = MixtureShare.Of(folder["p3.jsonl"]),
            GeneralText = texts.WebAndCode,
            Books = texts.Books,
            Papers = texts.Papers,
            ContextLength = Context,
            ShuffleWindow = 7,
            Threads = 2,
        };
    }

    private void Write(string name, int[] words)
    {
        SplitMix64 random = new(17, name[0]);
        File.WriteAllLines(folder[name], words.Select(count => JsonSerializer.Serialize(new { text = Words(count, ref random) })));
    }

    private string Words(int count, ref SplitMix64 random)
    {
        string[] words = new string[count];
        for (int i = 0; i < count; i++) words[i] = tokenizer.GetToken(40 + random.NextInt(900));
        return string.Join(' ', words);
    }

    [Fact]
    public void Decontaminator_Given_CleansEveryShareOfEveryPass()
    {
        // Thirteen words that stand in one book, one web page and one task.
        SplitMix64 random = new(99);
        string leaked = Words(13, ref random);
        FewShotTuningMixture mixture = FewShot();
        void Leak(string name, Func<string, object> record) => File.AppendAllLines(folder[name], [JsonSerializer.Serialize(record(leaked))]);
        Leak("books.jsonl", text => new { text = Words(120, ref random) + " " + text + " " + Words(120, ref random) });
        Leak("web.jsonl", text => new { text });
        Leak("ni.jsonl", text => new { prompt = "<repeat> " + text + " ", completion = "able" });
        Decontaminator decontaminator = new(NGramIndex.Build([new EvaluationText("core", "1", leaked)]));
        mixture = mixture with { End = MixtureEnd.StopAtLast, Decontaminator = decontaminator, Separator = "\n" };
        OpenMixture open = Opened(mixture);
        string[] given = [.. open.AsEnumerable(TestContext.Current.CancellationToken).Select(sequence => string.Join(' ', sequence.Tokens.ToArray().Select(tokenizer.GetToken)))];
        Assert.DoesNotContain(given, text => text.Contains(leaked, StringComparison.Ordinal));
        Assert.Contains(Opened(mixture with { Decontaminator = null }).AsEnumerable(TestContext.Current.CancellationToken), sequence => string.Join(' ', sequence.Tokens.ToArray().Select(tokenizer.GetToken)).Contains(leaked, StringComparison.Ordinal));

        ContaminationReport report = decontaminator.Report();
        Assert.InRange(report.Contaminated, 3, 30); // shares are gone through more than once
        Assert.Equal("core", Assert.Single(report.Instances).Set);
        Assert.True(report.Outcomes[DecontaminationOutcome.Removed] > 0); // the task, whole
        Assert.True(report.Outcomes[DecontaminationOutcome.Cut] > 0); // the book, in two pieces

        Walks.AssertResumesAnywhere(() => Opened(mixture), most: 12);
        StreamState state = Opened(mixture).Capture();
        Assert.Contains("identity", Assert.Throws<ArgumentException>(() => Opened(mixture with { Decontaminator = new(NGramIndex.Build([new EvaluationText("core", "1", leaked + " able")])) }).Restore(state)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FewShot_TasksLongerThanTheContext_AreCounted()
    {
        SplitMix64 random = new(7);
        FewShotTuningMixture mixture = FewShot() with { End = MixtureEnd.GoOnWithOthers };
        File.AppendAllLines(folder["ni.jsonl"], Enumerable.Range(0, 3).Select(_ => JsonSerializer.Serialize(new { prompt = "<repeat> " + Words(70, ref random) + " ", completion = "able" })));
        OpenMixture open = Opened(mixture);
        List<string> walk = open.Walk();
        Assert.Equal([3L, 0, 0, 0, 0], open.Report.Excluded.Select(share => share.TooLong));
        foreach (int stop in new[] { 5, walk.Count / 2, walk.Count - 1 })
        {
            OpenMixture first = Opened(mixture), second = Opened(mixture);
            first.Walk(stop);
            second.Restore(first.Capture().ThroughAFile());
            second.Walk();
            Assert.Equal(open.Report.Excluded, second.Report.Excluded);
        }
    }

    [Fact]
    public void DenoisingTexts_MarksInTheText_LoseNoMoreThanTheirWord()
    {
        SplitMix64 random = new(11);
        string before = Words(60, ref random), after = Words(60, ref random), text = before + " <extra_id_7> " + after;
        TextDenoiserOptions options = new() { Seed = 3 };
        IReadOnlyList<TrainingExample> made = new DenoisedPieces(new TextDenoiser(options), new ExampleEncoder(tokenizer), Context).Make(new TextExample(text), 0);
        string whole = string.Concat(made.Select(example => new TextDenoiser(options).Restore((PromptExample)example)));
        string[] words = [.. text.Split(' ')], kept = [.. whole.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        Assert.InRange(kept.Length, words.Length - 4, words.Length);
        Assert.Equal(after.Split(' ')[10], kept[^50]);
    }

    [Fact]
    public void Files_OfAllShares_AreListedOnce()
    {
        OpenMixture open = Opened(FewShot() with { GeneralText = MixtureShare.Of(folder["books.jsonl"], folder["web.jsonl"]) });
        Assert.Equal(new[] { "ni", "p3", "books", "web", "papers" }.Select(name => folder[name + ".jsonl"]), open.Files);
    }
}
