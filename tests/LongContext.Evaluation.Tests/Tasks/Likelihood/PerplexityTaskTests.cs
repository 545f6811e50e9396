using System.Text;
using LongContext.TestSupport;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Likelihood;

public sealed class PerplexityTaskTests
{
    private const int Beginning = 77;

    private static readonly Tokenizer Tokenizer = BlankTokenizer.Instance;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static MatrixTheoryData<int, int?, WindowBeginning> Cases() =>
        new([2, 3, 7, 16, 50, 400], [null, 1, 2, 5, 13, 60], [WindowBeginning.Document, WindowBeginning.EveryWindow, WindowBeginning.Nowhere]);

    [Theory, MemberData(nameof(Cases))]
    public async Task Evaluate_AnyWindows_CountsWhatTheGuidesLoopCounts(int length, int? stride, WindowBeginning beginning)
    {
        for (int seed = 0; seed < 4; seed++)
        {
            string text = Text(words: 3 + (40 * seed), seed);
            int[] ids = [.. Tokenizer.EncodeToIds(text)];
            var options = new PerplexityTaskOptions { Lengths = [length], Stride = stride, Beginning = beginning };
            IReadOnlyDictionary<string, double> found = (await Evaluate(new PerplexityTask([new("a", text)], options))).Single().Details;

            (double nats, int tokens, int windows) = ByTheGuide(ids, length, stride, beginning);
            Assert.Equal(tokens, found["tokens"]);
            Assert.Equal(windows, found["windows"]);
            Assert.Equal(nats, found["nats"], 1e-9 * nats);
        }
    }

    [Theory]
    [InlineData(null, WindowBeginning.EveryWindow)]
    [InlineData(4, WindowBeginning.EveryWindow)]
    [InlineData(4, WindowBeginning.Document)]
    public async Task Evaluate_EveryTokenCountedOnce_AddsUpToTheTextsBytesAndWords(int? stride, WindowBeginning beginning)
    {
        string text = Text(words: 90, seed: 5);
        ItemScore score = (await Evaluate(new PerplexityTask([new("a", text)], new PerplexityTaskOptions { Lengths = [17], Stride = stride, Beginning = beginning }))).Single();
        Assert.Equal(Tokenizer.CountTokens(text), score.Details["tokens"]);
        Assert.Equal(Encoding.UTF8.GetByteCount(text), score.Details["bytes"]);
        Assert.Equal(90, score.Details["words"]);
        Assert.Equal(Math.Exp(score.Details["nats"] / score.Details["tokens"]), score.Value, 1e-12 * score.Value);
    }

    [Fact]
    public async Task Evaluate_FirstTokenWithNothingBefore_CountsNeitherAsTokenNorAsText()
    {
        // "the" is one token here; the first of it is not predicted.
        ItemScore score = (await Evaluate(new PerplexityTask([new("a", "the theing")], new PerplexityTaskOptions { Lengths = [100], Beginning = WindowBeginning.Nowhere }))).Single();
        // Left are a blank, "the" and "ing".
        Assert.Equal((3.0, 7.0, 1.0), (score.Details["tokens"], score.Details["bytes"], score.Details["words"]));
    }

    [Fact]
    public async Task Evaluate_OfADocumentCutShort_ReadsItsBeginning()
    {
        string text = Text(words: 200, seed: 8);
        int[] ids = [.. Tokenizer.EncodeToIds(text)];
        var scorer = new HashScorer(Tokenizer);
        var options = new PerplexityTaskOptions { Lengths = [16], MaximumTokens = 40, MaximumWindows = 2, Beginning = WindowBeginning.EveryWindow };
        await Evaluate(new PerplexityTask([new("a", text)], options), scorer);
        Assert.Equal([ids[..16], ids[16..32]], scorer.Read);

        scorer = new HashScorer(Tokenizer);
        options = new PerplexityTaskOptions { Lengths = [16], MaximumTokens = 40, KeepsPartialWindow = false };
        await Evaluate(new PerplexityTask([new("a", text)], options), scorer);
        Assert.Equal([ids[..16], ids[16..32]], scorer.Read);
    }

    [Fact]
    public async Task Summarize_DocumentsOfDifferentLength_WeighsByTokens()
    {
        var task = new PerplexityTask([new("short", Text(4, 1)), new("long", Text(300, 2))], new PerplexityTaskOptions { Lengths = [8, 32], Stride = 8 });
        Dictionary<string, double?> figures = task.Summarize(await Results(task)).ToDictionary(figure => figure.Name, figure => figure.Value);
        Assert.Equal(8, figures.Count);
        List<ItemResult> results = await Results(task);
        foreach (int length in new[] { 8, 32 })
        {
            ItemResult[] both = [.. results.Where(result => result.Length == length)];
            double nats = both.Sum(result => result.Details["nats"]), bytes = both.Sum(result => result.Details["bytes"]);
            Assert.Equal(Math.Exp(nats / both.Sum(result => result.Details["tokens"])), figures[$"perplexity@{length}"]!.Value, 1e-12);
            Assert.Equal(nats / bytes / Math.Log(2), figures[$"bits_per_byte@{length}"]!.Value, 1e-12);
            Assert.Equal(Math.Exp(nats / bytes), figures[$"byte_perplexity@{length}"]!.Value, 1e-12);
            double words = Math.Exp(nats / both.Sum(result => result.Details["words"]));
            Assert.Equal(words, figures[$"word_perplexity@{length}"]!.Value, 1e-12 * words);
            // Not what a mean would give.
            Assert.NotEqual(both.Average(result => result.Score!.Value), figures[$"perplexity@{length}"]!.Value, 1e-3);
        }

        Assert.Empty(task.Summarize([]));
        Assert.True(task.LowerIsBetter);
    }

    [Fact]
    public void CreateItems_OfDocumentsAndLengths_AreAllPairsWithIdsOfTheirOwn()
    {
        string longText = Text(60, 2);
        var task = new PerplexityTask([new("a", "in the end"), new("b", longText)], new PerplexityTaskOptions { Lengths = [8, 16], MinimumTokens = 50 });
        Assert.Equal(["b@8", "b@16"], task.CreateItems(Tokenizer).Select(item => item.Id));
        EvaluationItem item = Assert.Single(task.CreateItems(Tokenizer, 5));
        Assert.Equal(("b@5", 5, longText), (item.Id, item.Length, item.Prompt.Text));
        Assert.Equal([8, 16], task.Lengths);
        Assert.Null(task.ItemCount);
        Assert.Equal(3, new PerplexityTask([new("a", "in the end")]).ItemCount);
    }

    [Fact]
    public async Task FromFiles_TextsAndRecords_AreDocuments()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Directory.CreateDirectory(folder["other"]);
        await File.WriteAllTextAsync(folder["book.txt"], "the thing in the string", Token);
        await File.WriteAllTextAsync(folder["other/book.txt"], "another", Token);
        await File.WriteAllTextAsync(folder["more.jsonl"], "{\"body\": \"one\"}\n{\"body\": \"two two\"}\n", Token);
        PerplexityTask task = PerplexityTask.Load([folder["book.txt"], folder["other/book.txt"], folder["more.jsonl"]], new PerplexityTaskOptions { Lengths = [4] }, field: "body");
        Assert.Equal(["book.txt:1@4", "more.jsonl:1@4", "more.jsonl:2@4", "3/book.txt:1@4"], task.CreateItems(Tokenizer).Select(item => item.Id));

        string before = PerplexityTask.Load([folder["book.txt"]]).Identity;
        Assert.Equal(before, PerplexityTask.Load([folder["book.txt"]]).Identity);
        await File.WriteAllTextAsync(folder["book.txt"], "the thing in the strinG", Token);
        Assert.NotEqual(before, PerplexityTask.Load([folder["book.txt"]]).Identity);
        Assert.Throws<FileNotFoundException>(() => PerplexityTask.Load([folder["none.txt"]]));
    }

    [Fact]
    public void Identity_OfOtherTextOrOptions_IsAnother()
    {
        PerplexityDocument[] texts = [new("a", "one")];
        string[] all =
        [
            new PerplexityTask(texts).Identity,
            new PerplexityTask([new("a", "two")]).Identity,
            new PerplexityTask([new("b", "one")]).Identity,
            new PerplexityTask(texts, new PerplexityTaskOptions { Lengths = [2048] }).Identity,
            new PerplexityTask(texts, new PerplexityTaskOptions { Stride = 256 }).Identity,
            new PerplexityTask(texts, new PerplexityTaskOptions { Beginning = WindowBeginning.Nowhere }).Identity,
            new PerplexityTask(texts, new PerplexityTaskOptions { MaximumTokens = 9 }).Identity,
            new PerplexityTask(texts, new PerplexityTaskOptions { MinimumTokens = 9 }).Identity,
            new PerplexityTask(texts, new PerplexityTaskOptions { MaximumWindows = 9 }).Identity,
            new PerplexityTask(texts, new PerplexityTaskOptions { KeepsPartialWindow = false }).Identity,
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Equal(all[0], new PerplexityTask([new("a", "one")]).Identity);
    }

    [Fact]
    public async Task Evaluate_WhatCannotBe_IsRefusedByName()
    {
        var task = new PerplexityTask([new("a", Text(50, 1))], new PerplexityTaskOptions { Lengths = [32] });
        EvaluationItem item = task.CreateItems(Tokenizer).Single();
        PromptTooLongException tooLong = await Assert.ThrowsAsync<PromptTooLongException>(
            async () => await task.EvaluateAsync(item, HashScorer.Session(new HashScorer(Tokenizer) { ContextLength = 31 }), Token));
        Assert.Contains("32 tokens", tooLong.Message, StringComparison.Ordinal);
        Assert.Contains("31", tooLong.Message, StringComparison.Ordinal);
        NotSupportedException noScorer = await Assert.ThrowsAsync<NotSupportedException>(
            async () => await task.EvaluateAsync(item, HashScorer.Session(null, Tokenizer), Token));
        Assert.Contains("\"scored\"", noScorer.Message, StringComparison.Ordinal);
        Assert.Contains("LongContextChatClient", noScorer.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await task.EvaluateAsync(item with { Length = null }, HashScorer.Session(new HashScorer(Tokenizer)), Token));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Evaluate(new PerplexityTask([new("a", "x")]), new HashScorer(Tokenizer)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await task.EvaluateAsync(item, HashScorer.Session(new HashScorer(Tokenizer)), new CancellationToken(true)));

        Assert.Throws<ArgumentException>(() => new PerplexityTask([]));
        Assert.Contains("\"a\"", Assert.Throws<ArgumentException>(() => new PerplexityTask([new("a", "x"), new("a", "y")])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new PerplexityTask([new("a", "")]));
        Assert.Throws<ArgumentNullException>(() => new PerplexityTask(null!));
        ArgumentException all = Assert.Throws<ArgumentException>(() => new PerplexityTask([new("a", "x")], new PerplexityTaskOptions
        {
            Name = "", Lengths = [1, 1], Stride = 0, Beginning = (WindowBeginning)9, MaximumTokens = 1, MinimumTokens = -1, MaximumWindows = 0,
        }));
        Assert.All(
            ["Name", "holds 1", "twice", "Stride", "Beginning", "MaximumTokens", "MinimumTokens", "MaximumWindows"],
            part => Assert.Contains(part, all.Message, StringComparison.Ordinal));
    }

    /// <summary>The loop of transformers' guide to perplexity, over ids with the special token where it goes.</summary>
    private static (double Nats, int Tokens, int Windows) ByTheGuide(int[] text, int length, int? stride, WindowBeginning beginning)
    {
        bool every = beginning == WindowBeginning.EveryWindow;
        int[] ids = beginning == WindowBeginning.Document ? [Beginning, .. text] : text;
        int size = every ? length - 1 : length, step = stride ?? size;
        double nats = 0;
        int tokens = 0, windows = 0, previousEnd = 0;
        for (int begin = 0; begin < ids.Length; begin += step)
        {
            int end = Math.Min(begin + size, ids.Length), target = end - previousEnd;
            int[] input = every ? [Beginning, .. ids[begin..end]] : ids[begin..end];
            int counted = 0;
            // Labels: the last `target` of the window's tokens; the first token of the input predicts nothing.
            for (int i = Math.Max(1, input.Length - target); i < input.Length; i++)
            {
                nats -= HashScorer.Of(input.AsSpan(0, i), input[i]);
                counted++;
            }

            tokens += counted;
            windows += counted > 0 ? 1 : 0;
            previousEnd = end;
            if (end == ids.Length) break;
        }

        return (nats, tokens, windows);
    }

    private static async Task<List<ItemScore>> Evaluate(PerplexityTask task, HashScorer? scorer = null)
    {
        List<ItemScore> scores = [];
        scorer ??= new HashScorer(Tokenizer) { BeginningOfSentenceTokenId = Beginning };
        foreach (EvaluationItem item in task.CreateItems(Tokenizer)) scores.Add(await task.EvaluateAsync(item, HashScorer.Session(scorer), Token));
        return scores;
    }

    private static async Task<List<ItemResult>> Results(PerplexityTask task)
    {
        List<ItemScore> scores = await Evaluate(task);
        return
        [
            .. task.CreateItems(Tokenizer).Zip(scores).Select(pair => new ItemResult
            {
                Model = "m", Strategy = "s", Task = task.Name, Item = pair.First.Id, Status = ItemStatus.Scored, Length = pair.First.Length,
                Score = pair.Second.Value, Details = pair.Second.Details,
            }),
        ];
    }

    private static string Text(int words, int seed)
    {
        var random = new Random(seed);
        string[] all = ["the", "thing", "string", "in", "order", "an", "answer", "letter", "x"];
        return string.Join(' ', Enumerable.Range(0, words).Select(_ => all[random.Next(all.Length)]));
    }
}
