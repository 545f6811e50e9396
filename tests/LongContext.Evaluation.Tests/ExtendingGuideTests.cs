using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Records;
using LongContext.TestSupport;

namespace LongContext.Evaluation;

/// <summary>The programs of docs/evaluation-extending.md are those that tests compile and run.</summary>
public sealed class ExtendingGuideTests
{
    /// <summary>The example files, in the order of the guide, below the tests' folder.</summary>
    private static readonly string[] Examples =
    [
        "Tasks/LedgerTask.cs", "Strategies/Own/FirstParagraphsStrategy.cs", "Strategies/Own/LastPassagesRetriever.cs", "Strategies/Own/LongLinesCompressor.cs",
    ];

    [Fact]
    public void Guide_ItsClasses_AreThoseOfTheTests()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
        string guide = Path.Combine(TestPaths.RepositoryRoot!, "docs", "evaluation-extending.md");
        string tests = Path.Combine(TestPaths.RepositoryRoot!, "tests", "LongContext.Evaluation.Tests");
        string[] expected =
        [
            .. GuideText.Blocks(Path.Combine(tests, "ExtendingGuideTests.cs"), "// <GUIDE>", "// </GUIDE>"),
            .. Examples.SelectMany(file => File.ReadLines(Path.Combine(tests, file)).SkipWhile(line => !line.StartsWith("internal sealed class", StringComparison.Ordinal))),
        ];
        Assert.Equal(expected, GuideText.Programs(guide));
    }

    [Fact]
    public async Task Metric_OfOnesOwn_Scores()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string questionsFile = folder["questions.jsonl"];
        await File.WriteAllTextAsync(questionsFile, """{"context": "It was built in 1820.", "question": "When?", "answers": ["1820"]}""" + "\n", TestContext.Current.CancellationToken);
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        // <GUIDE>
        AnswerMetric firstLine = new("first line", (item, answer) => item.Answers.Contains(answer.Split('\n')[0].Trim()) ? 1 : 0);
        QuestionTask questions = QuestionTask.Load(questionsFile, new QuestionTaskOptions { Metric = firstLine }, cancellationToken);
        // </GUIDE>
        EvaluationModel model = new() { Name = "scripted", Client = new ScriptedClient(_ => " 1820 \nas the text says"), Tokenizer = PieceTokenizer.WordLevel };
        EvaluationReport report = await new EvaluationRunner().RunAsync([model], [questions], cancellationToken: cancellationToken);
        Assert.Equal(1, report.Items.Single().Score);
    }
}
