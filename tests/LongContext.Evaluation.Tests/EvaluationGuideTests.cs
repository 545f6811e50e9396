using System.ClientModel;
using System.ClientModel.Primitives;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Strategies.Retrieval;
using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Needles;
using LongContext.Evaluation.Tasks.Records;
using LongContext.Evaluation.Tasks.Ruler;
using LongContext.TestSupport;
using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;
using OpenAI;

namespace LongContext.Evaluation;

/// <summary>The programs of docs/evaluation.md: compiled here, run here on a scripted model, and the same text there.</summary>
public sealed class EvaluationGuideTests
{
    [Fact]
    public async Task WholeProgram_OnAScriptedModel_ReportsSearchesAndCompares()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        await File.WriteAllTextAsync(
            folder["questions.jsonl"],
            """
            {"context": "The mill stands by the river. It was built in 1820.", "question": "When was the mill built?", "answers": ["1820"]}
            {"context": "The mayor likes pears.", "question": "What does the mayor like?", "answers": ["pears"]}

            """,
            TestContext.Current.CancellationToken);

        // It finds a needle where it is told to look, and knows the year; the rest it does not.
        using var client = new ScriptedClient(prompt => prompt.Contains("1820", StringComparison.Ordinal) ? "in 1820" /* F1 with "1820": precision 1/2, recall 1 */ : prompt.Contains("flowerpot", StringComparison.Ordinal) ? "under the third blue flowerpot" : "nothing");
        string text = await Evaluate(client, PieceTokenizer.Subword, folder["questions.jsonl"], folder["run"], folder["search"], new Silence(), TestContext.Current.CancellationToken);

        Assert.Contains("questions", text, StringComparison.Ordinal);
        Assert.Contains("needle", text, StringComparison.Ordinal);
        EvaluationReport report = EvaluationReport.ReadJsonLines(folder["run/report.jsonl"]);
        Assert.Equal(2 * 3, report.Items.Count(item => item.Task == "needle"));
        Assert.All(report.Items.Where(item => item.Task == "needle"), item => Assert.Equal(1, item.Score));
        Assert.Equal([2 / 3.0, 0], report.Items.Where(item => item.Task == "questions").Select(item => item.Score!.Value));
        Assert.True(File.Exists(folder["run/report.html"]));
    }

    [Fact]
    public void Guide_ItsPrograms_AreThoseCompiledHere()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
        string guide = Path.Combine(TestPaths.RepositoryRoot!, "docs", "evaluation.md");
        string source = Path.Combine(TestPaths.RepositoryRoot!, "tests", "LongContext.Evaluation.Tests", "EvaluationGuideTests.cs");
        string[] expected = [.. GuideText.Blocks(source, "// <GUIDE>", "// </GUIDE>")];
        Assert.NotEmpty(expected);
        Assert.Equal(expected, GuideText.Programs(guide));
    }

    [Fact]
    public async Task RemoteProgram_OnAServer_CostsWhatThePlanSays()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using StubServer server = new(_ => new StubReply("4711"));
        EvaluationTask[] tasks = [new PasskeyTask(new PasskeyTaskOptions { Lengths = [512, 1_024], ItemsPerCell = 1 })];
        (EvaluationPlan plan, EvaluationReport report) = await EvaluateRemote(server.Address, "none", PieceTokenizer.Subword, tasks, folder["run"], TestContext.Current.CancellationToken);
        Assert.Equal(plan.Requests, report.Items.Count);
        Assert.Equal(server.Asked.Count, report.Items.Count);
        Assert.InRange(report.Items.Sum(item => item.Cost!.Value), 0.000001m, plan.Cost!.Value);
    }

    private static async Task<string> Evaluate(
        IChatClient client, Tokenizer tokenizer, string questionsFile, string folder, string searchFolder, IProgress<EvaluationProgress> progress, CancellationToken cancellationToken)
    {
        // <GUIDE>
        EvaluationModel model = new() { Name = "my-model", Client = client, Tokenizer = tokenizer, ContextLength = 8_192 };

        RulerOptions sizes = new() { Lengths = [2_048, 4_096], ItemsPerLength = 4 };
        EvaluationTask[] tasks =
        [
            .. Ruler.Create(sizes, "niah_single_2", "niah_multikey_2", "vt"),
            new NeedleTask(new NeedleTaskOptions { Lengths = sizes.Lengths, Depths = [0, 0.5, 1] }),
            QuestionTask.Load(questionsFile, new QuestionTaskOptions { Metric = AnswerMetrics.WordF1, Truncation = PromptTruncation.ContextMiddle }, cancellationToken),
        ];

        // Started again on the same folder, a run goes on where it ended, however it ended; what was answered is not asked again.
        EvaluationRunner runner = new(new EvaluationRunOptions { Title = "My model", Folder = folder, RequestsAtOnce = 4 });
        EvaluationReport report = await runner.RunAsync([model], tasks, progress: progress, cancellationToken: cancellationToken);
        report.Write(folder); // report.html, report.jsonl, report.md, items.csv, summaries.csv
        // </GUIDE>

        // <GUIDE>
        EffectiveContextResult found = await EffectiveContext.FindAsync(model, new EffectiveContextOptions
        {
            // A length is confirmed by some 45 right answers in a row, so each task needs more items than that.
            Tasks = [new NeedleTask(new NeedleTaskOptions { ItemsPerCell = 3 }), .. Ruler.Create(sizes with { ItemsPerLength = 96 }, "niah_multikey_2", "vt")],
            Threshold = 0.856, // RULER's: what Llama-2-7B reaches at 4K
            MinimumLength = 1_024,
            MaximumLength = 4_096,
            Run = new EvaluationRunOptions { Folder = searchFolder },
        }, cancellationToken: cancellationToken);
        Console.WriteLine(found);
        // </GUIDE>

        // <GUIDE>
        ContextBudget budget = ContextBudget.OfTokens(1_024);
        IContextStrategy[] strategies =
        [
            new FullContextStrategy(),
            new TruncationStrategy(TruncatedPart.Middle, budget),
            new RetrievalStrategy(new Bm25Retriever(), new RetrievalOptions { Count = 50, Budget = budget }),
        ];
        EvaluationReport compared = await new EvaluationRunner().RunAsync([model], tasks, strategies, progress, cancellationToken);
        foreach (StrategyStanding standing in StrategyComparison.Of(compared, FullContextStrategy.StrategyName).Standings) Console.WriteLine($"{standing.Strategy}: {standing.Normalized:0.00} of full context, {standing.InputTokens:N0} tokens a question");
        // </GUIDE>

        Assert.Equal((4_096, 4_096), (found.Tasks[0].Length, found.Tasks[0].Lower));
        Assert.Null(found.Tasks[1].Length);
        Assert.Equal(3, compared.Items.Select(item => item.Strategy).Distinct().Count());
        return report.ToText();
    }

    private static async Task<(EvaluationPlan, EvaluationReport)> EvaluateRemote(
        Uri endpoint, string key, Tokenizer tokenizer, EvaluationTask[] tasks, string folder, CancellationToken cancellationToken)
    {
        // <GUIDE>
        OpenAIClientOptions connection = new() { Endpoint = endpoint, RetryPolicy = new ClientRetryPolicy(0), NetworkTimeout = TimeSpan.FromMinutes(10) };
        EvaluationModel remote = new()
        {
            Name = "served-model",
            Client = new OpenAIClient(new ApiKeyCredential(key), connection).GetChatClient("served-model").AsIChatClient(),
            Tokenizer = tokenizer, // the model's own, or one that is close
            ContextLength = 32_768,
            RequestsAtOnce = 8,
            TokensPerMinute = 2_000_000,
            Price = new ModelPrice(PerMillionInputTokens: 0.40m, PerMillionOutputTokens: 1.60m),
        };
        EvaluationRunner priced = new(new EvaluationRunOptions { Folder = folder, Currency = "USD", MaximumItems = 10 });
        Console.WriteLine(await priced.PlanAsync([remote], tasks, cancellationToken: cancellationToken)); // asks nothing
        EvaluationReport answered = await priced.RunAsync([remote], tasks, cancellationToken: cancellationToken);
        // </GUIDE>
        return (await priced.PlanAsync([remote], tasks, cancellationToken: cancellationToken), answered);
    }

    private sealed class Silence : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value)
        {
        }
    }
}
