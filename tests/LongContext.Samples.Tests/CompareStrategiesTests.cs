using System.Globalization;
using System.Text.Json;
using LongContext.Evaluation;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Samples.Tests;

/// <summary>samples/CompareStrategies, started as a user starts it.</summary>
public sealed class CompareStrategiesTests
{
    private const string Sample = "CompareStrategies", Trained = "window 256", Stretched = "window 256, yarn ×8";

    [Fact]
    public async Task Run_WithoutArguments_ShowsWhatEachStrategyIsWorth()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync(Sample, "--each", "3", "--output", folder.Path);
        TestContext.Current.TestOutputHelper!.WriteLine(run.Output);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.All(new[] { Trained, Stretched, "÷ full", "2,048", "★", "report.html" }, part => Assert.Contains(part, run.Output, StringComparison.Ordinal));

        EvaluationReport report = EvaluationReport.ReadJsonLines(folder["report.jsonl"]);
        Assert.Equal(2 * 8 * 3 * 3, report.Items.Count);
        Assert.All(report.Items, item => Assert.Equal(ItemStatus.Scored, item.Status));
        // Beyond its window the model is lost, but not on passages that fit into it; too many of them are beyond it again.
        Assert.InRange(Mean(report, Trained, "full context", 1024), 0, 0.4);
        Assert.InRange(Mean(report, Trained, "retrieval bm25 k=5 chunk=32w+16", 1024), 0.9, 1);
        Assert.InRange(Mean(report, Trained, "retrieval bm25 k=5 chunk=32w+16", 2048), 0.9, 1);
        Assert.InRange(Mean(report, Trained, "retrieval bm25 k=20 chunk=32w+16", 2048), 0, 0.7);
        // A stretched model reads the whole, and as many passages.
        Assert.InRange(Mean(report, Stretched, "full context", 1024), 0.8, 1);
        Assert.InRange(Mean(report, Stretched, "retrieval bm25 k=20 chunk=32w+16", 2048), 0.9, 1);
        // Compression of random words has nothing to go by.
        Assert.InRange(Mean(report, Stretched, "compression perplexity words window 256 192 tokens", 2048), 0, 0.3);

        StrategyComparison comparison = StrategyComparison.Of(report, "full context");
        StrategyStanding bm25 = comparison.Standings.Single(row => row is { Model: Trained, Strategy: "retrieval bm25 k=5 chunk=32w+16" });
        Assert.True(bm25 is { Normalized: > 2, KeptShare: < 0.2, IsOnFront: true }, bm25.ToString());
        StrategyStanding middle = comparison.Standings.Single(row => row is { Model: Stretched, Strategy: "truncation middle 192 tokens" });
        Assert.InRange(middle.Normalized!.Value, 0, 0.8);
        Assert.Contains("<svg", await File.ReadAllTextAsync(folder["report.html"], TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_QuestionsLongerThanTheModelsWindow_ComparesWhatFits()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string model = Path.Combine(AppContext.BaseDirectory, "BaseModel");
        WriteWordQuestions(folder["questions.jsonl"], model, questions: 4, words: 600);
        SampleProgram.Outcome run = await SampleProgram.RunAsync(
            Sample, "--model", model, "--questions", folder["questions.jsonl"], "--template", "{context} <repeat> {question}", "--new-tokens", "16", "--k", "5", "--compression", "0.25",
            "--output", folder["out"]);
        TestContext.Current.TestOutputHelper!.WriteLine(run.Output);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("Full context: no text fits as a whole into BaseModel.", run.Output, StringComparison.Ordinal);
        Assert.Contains("÷ best", run.Output, StringComparison.Ordinal);

        EvaluationReport report = EvaluationReport.ReadJsonLines(folder["out/report.jsonl"]);
        Assert.Equal(
            [
                "full context", "truncation end", "truncation middle", "truncation end 25% of tokens", "truncation middle 25% of tokens",
                "compression perplexity words BaseModel 25% of tokens", "retrieval bm25 k=5 chunk=200",
            ],
            report.Items.Select(item => item.Strategy).Distinct());
        Assert.All(report.Items, item => Assert.Equal(item.Strategy == "full context" ? ItemStatus.TooLong : ItemStatus.Scored, item.Status));
        double found = report.Items.Where(item => item.Strategy == "retrieval bm25 k=5 chunk=200").Average(item => item.Score!.Value);
        double cut = report.Items.Where(item => item.Strategy == "truncation middle 25% of tokens").Average(item => item.Score!.Value);
        Assert.InRange(found, cut + 0.2, 1);
    }

    [Fact]
    public async Task Run_Endpoints_AnswerRankAndEmbedAndAreAskedOnce()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using LoopbackModels server = new();
        // Not read by anything else.
        const string variable = "EMBEDDING_API_KEY", key = "key-of-the-embeddings";
        Environment.SetEnvironmentVariable(variable, key);
        string filler = string.Concat(Enumerable.Range(0, 80).Select(i => string.Create(CultureInfo.InvariantCulture, $"On day {i} the wind came from the west and nothing was sold. ")));
        string[] towns = ["Arnheim", "Bergen", "Calais"];
        string context = filler + string.Concat(towns.Select((town, i) => string.Create(CultureInfo.InvariantCulture, $"The gate of {town} opens with {4711 + i}. "))) + filler;
        await File.WriteAllLinesAsync(
            folder["questions.jsonl"],
            towns.Select((town, i) => JsonSerializer.Serialize(new { context, question = $"What opens the gate of {town}?", answers = new[] { $"{4711 + i}" } })),
            TestContext.Current.CancellationToken);
        string[] arguments =
        [
            "--endpoint", server.Address, "--model-name", "finder", "--questions", folder["questions.jsonl"], "--metric", "contains_any", "--budget", "200", "--k", "5",
            "--price-in", "2", "--price-out", "8",
            "--embedding-endpoint", server.Address, "--embedding-name", "letters", "--reranker-endpoint", server.Address, "--reranker-name", "ranker", "--output", folder["out"],
        ];
        try
        {
            SampleProgram.Outcome run = await SampleProgram.RunAsync(Sample, arguments);
            TestContext.Current.TestOutputHelper!.WriteLine(run.Output);
            Assert.True(run.ExitCode == 0, run.Error);
            Assert.Contains("letters > listwise ranker at 127.0.0.1", run.Output, StringComparison.Ordinal);
            Assert.Contains("cost", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(key, run.Output + run.Error, StringComparison.Ordinal);
            Assert.All(Directory.EnumerateFiles(folder["out"], "*", SearchOption.AllDirectories), path => Assert.DoesNotContain(key, File.ReadAllText(path), StringComparison.Ordinal));
            Assert.Equal(["Bearer " + key], server.EmbeddingKeys.Distinct());

            EvaluationReport report = EvaluationReport.ReadJsonLines(folder["out/report.jsonl"]);
            Assert.All(report.Items, item => Assert.Equal(ItemStatus.Scored, item.Status));
            Dictionary<string, double> means = report.Items.GroupBy(item => item.Strategy).ToDictionary(group => group.Key, group => group.Average(item => item.Score!.Value));
            Assert.Equal(1, means["full context"]);
            Assert.Equal(0, means["truncation middle 200 tokens"]);
            Assert.Equal(1, means["retrieval bm25 k=5 chunk=200 200 tokens"]);
            Assert.Equal(6, means.Count);

            int asked = server.Requests;
            Assert.True((await SampleProgram.RunAsync(Sample, arguments)).ExitCode == 0);
            Assert.Equal(asked, server.Requests); // every answer was kept
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }

    [Fact]
    public async Task Run_UnusableArguments_EndsWithOneLineThatSaysWhy()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        await RefusesAsync("--each is 0, expected at least 1", "--each", "0");
        await RefusesAsync("--questions: expected either --model FOLDER or --endpoint URL", "--questions", "x.jsonl");
        await RefusesAsync("--model needs either --questions FILE or --longbench-e FOLDER", "--model", folder["nowhere"]);
        await RefusesAsync("--endpoint and --model-name go together", "--endpoint", "http://localhost:1/v1", "--questions", "x.jsonl");
        await RefusesAsync("--endpoint expects an address that begins with http", "--endpoint", "localhost", "--model-name", "m", "--questions", "x.jsonl");
        await RefusesAsync("--endpoint has a user name or password in it", "--endpoint", "http://me:secret@localhost:1/v1", "--model-name", "m", "--questions", "x.jsonl");
        await RefusesAsync("--compression needs --model FOLDER", "--endpoint", "http://localhost:1/v1", "--model-name", "m", "--questions", "x.jsonl", "--compression", "0.5");
        await RefusesAsync("--k is 5 0, expected numbers of at least 1", "--model", folder["nowhere"], "--questions", "x.jsonl", "--k", "5", "0");
        await RefusesAsync("--each is for the built-in word model", "--each", "3", "--model", folder["nowhere"], "--questions", "x.jsonl");
        await RefusesAsync("none.jsonl", "--model", folder["nowhere"], "--questions", folder["none.jsonl"]);
        Assert.False(Directory.Exists(folder["out"]));

        async Task RefusesAsync(string expected, params string[] arguments) => (await SampleProgram.RunAsync(Sample, [.. arguments, "--output", folder["out"]])).AssertRefusal(expected);
    }

    /// <summary>Texts of the word model's words with one marker, whose next 16 words are asked for.</summary>
    private static void WriteWordQuestions(string path, string model, int questions, int words)
    {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(model);
        string[] vocabulary = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.GetToken).Where(word => word.Length > 2 && word.All(char.IsAsciiLetterLower))];
        File.WriteAllLines(path, Enumerable.Range(0, questions).Select(question =>
        {
            // Strides of primes: words in no order that means anything, the same in every run.
            string[] text = [.. Enumerable.Range(0, words).Select(i => vocabulary[((i * 7919) + (question * 104_729)) % vocabulary.Length])];
            int at = words * 2 / 5;
            text[at] = "<a>";
            return JsonSerializer.Serialize(new { context = string.Join(' ', text), question = "<a>", answers = new[] { string.Join(' ', text[(at + 1)..(at + 17)]) } });
        }));
    }

    private static double Mean(EvaluationReport report, string model, string strategy, int length) =>
        report.Items.Where(item => item.Model == model && item.Strategy == strategy && item.Length == length).Average(item => item.Score!.Value);
}
