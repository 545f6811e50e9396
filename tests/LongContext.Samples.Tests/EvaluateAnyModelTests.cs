using System.Diagnostics;
using System.Text.RegularExpressions;
using LongContext.Evaluation;
using LongContext.Evaluation.Support;
using LongContext.TestSupport;

namespace LongContext.Samples.Tests;

/// <summary>samples/EvaluateAnyModel, started as a user starts it.</summary>
public sealed partial class EvaluateAnyModelTests
{
    private const string Sample = "EvaluateAnyModel";

    [Fact]
    public async Task Run_WithoutModel_FindsWhereTheWordModelEnds()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync(
            Sample, "--samples", "1", "--depths", "0.2", "0.8", "--lengths", "128", "512", "--threshold", "0.6", "--output", folder.Path);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("--endpoint http://localhost:8000/v1 --model-name NAME", run.Output, StringComparison.Ordinal);

        EvaluationReport report = EvaluationReport.ReadJsonLines(folder["report.jsonl"]);
        Assert.Equal(2 * 2 * 2, report.Items.Count);
        Assert.All(report.Items, item => Assert.Equal(ItemStatus.Scored, item.Status));
        Assert.Equal([0.2, 0.8], report.Items.Select(item => item.Depth!.Value).Distinct().Order());
        // The model was trained for 256 tokens: stretched it is reliable farther than as it is.
        Assert.InRange(EffectiveLength(report, "word model"), 128, 448);
        Assert.True(EffectiveLength(report, "word model dynamic ×8") > EffectiveLength(report, "word model"), string.Join('\n', report.Settings));
        Assert.Contains("<svg", await File.ReadAllTextAsync(folder["report.html"], TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Endpoint_MeasuresEveryTaskAndFindsTheLengthAtWhichItEnds()
    {
        // A model that reads what lies within some 3,000 tokens.
        using var server = new StubServer(request => new StubReply(Answer(request.Text, mostCharacters: 13_000)));
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        await File.WriteAllTextAsync(
            folder["questions.jsonl"], "{\"context\": \"The pass key is 77.\", \"question\": \"What is it?\", \"answers\": [\"77\"]}\n", TestContext.Current.CancellationToken);
        SampleProgram.Outcome run = await SampleProgram.RunAsync(
            Sample, "--endpoint", $"{server.Address}", "--model-name", "stub", "--tasks", "needle", "passkey", "ruler/niah_single_2", "--questions", folder["questions.jsonl"],
            "--metric", "word_f1", "--lengths", "4096", "1024", "2048", "--samples", "3", "--depths", "0", "0.5", "1", "--strategies", "full", "middle", "--effective",
            "--price-in", "2", "--price-out", "8", "--output", folder["out"]);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.All(
            new[] { "o200k_base", $"stub at {server.Address.Authority}", "\nRULER\n", "Effective length of ", "average", "report.html" },
            part => Assert.Contains(part, run.Output, StringComparison.Ordinal));

        EvaluationReport report = EvaluationReport.ReadJsonLines(Path.Combine(folder["out"], "report.jsonl"));
        Assert.Equal(2 * ((3 * 3 * 3) + 1), report.Items.Count);
        Assert.All(report.Items, item => Assert.Equal(ItemStatus.Scored, item.Status));
        Assert.All(report.Items, item => Assert.Equal(item.Length == 4096 ? 0 : 1, item.Score));
        KeyValuePair<string, string>[] found = [.. report.Settings.Where(setting => setting.Key.StartsWith("Effective length of ", StringComparison.Ordinal))];
        Assert.Equal(["average", "needle", "passkey", "ruler/niah_single_2"], found.Select(setting => setting.Key.Split(", ")[1]).Order(StringComparer.Ordinal));
        Assert.All(found, setting => Assert.InRange(LengthIn(setting.Value), 2048, 4000));
    }

    [Fact]
    public async Task Run_KilledAndStartedAgain_AsksOnlyWhatHasNoAnswer()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        var half = new TaskCompletionSource();
        int asked = 0;
        bool hangs = true;
        using var server = new StubServer(request =>
        {
            if (!hangs) return new StubReply(Answer(request.Text, int.MaxValue));
            if (Interlocked.Increment(ref asked) <= 4) return new StubReply(Answer(request.Text, int.MaxValue));
            half.TrySetResult();
            return new StubReply("") { Hangs = true };
        });
        string[] arguments = ["--endpoint", $"{server.Address}", "--model-name", "stub", "--tasks", "needle", "--lengths", "512", "1024", "--samples", "5", "--requests", "1", "--output", folder.Path];
        using (Process killed = SampleProgram.Start(Sample, arguments))
        {
            Task output = Task.WhenAll(killed.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), killed.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            await half.Task.WaitAsync(TestContext.Current.CancellationToken);
            killed.Kill();
            await killed.WaitForExitAsync(TestContext.Current.CancellationToken);
            await output;
        }

        hangs = false;
        string[] before = [.. server.Answered];
        Assert.Equal(4, before.Length);
        SampleProgram.Outcome second = await SampleProgram.RunAsync(Sample, arguments);
        Assert.True(second.ExitCode == 0, second.Error);
        Assert.Contains("kept from an earlier run", second.Output, StringComparison.Ordinal);
        Assert.Equal(10, server.Answered.Distinct().Count());
        Assert.Equal(10, server.Answered.Count);

        int all = server.Asked.Count;
        SampleProgram.Outcome third = await SampleProgram.RunAsync(Sample, arguments);
        Assert.True(third.ExitCode == 0, third.Error);
        Assert.Contains("10 kept from an earlier run", third.Output, StringComparison.Ordinal);
        Assert.Equal(all, server.Asked.Count);
        Assert.Equal(10, EvaluationReport.ReadJsonLines(folder["report.jsonl"]).Items.Count);
    }

    [Fact]
    public async Task Run_Folder_IsAskedInThisProcess()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "not in the repository");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string model = Path.Combine(TestPaths.RepositoryRoot!, "samples", "QuickStart", "BaseModel");
        SampleProgram.Outcome run = await SampleProgram.RunAsync(Sample, "--model", model, "--tasks", "repetition", "--lengths", "240", "--samples", "2", "--output", folder.Path);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("BaseModel: a window of 256 tokens, no chat template", run.Output, StringComparison.Ordinal);
        Assert.Equal(2, EvaluationReport.ReadJsonLines(folder["report.jsonl"]).Items.Count(item => item.Status == ItemStatus.Scored));
    }

    [Theory]
    [InlineData("--effective without --model FOLDER or --endpoint URL", "--effective")]
    [InlineData("--context without --model FOLDER or --endpoint URL", "--context", "512")]
    [InlineData("--model-name without --endpoint URL", "--model-name", "a")]
    [InlineData("give one of them", "--model", ".", "--endpoint", "http://127.0.0.1:9/v1")]
    [InlineData("--endpoint needs --model-name", "--endpoint", "http://127.0.0.1:9/v1")]
    [InlineData("begins with http:// or https://", "--endpoint", "localhost:8000", "--model-name", "a")]
    [InlineData("has a user name or password", "--endpoint", "http://me:secret@127.0.0.1:9/v1", "--model-name", "a")]
    [InlineData("LONGCONTEXT_NO_SUCH_KEY: that environment variable is not set", "--endpoint", "http://127.0.0.1:9/v1", "--model-name", "a", "--api-key-variable", "LONGCONTEXT_NO_SUCH_KEY")]
    [InlineData("--price-in and --price-out go together", "--endpoint", "http://127.0.0.1:9/v1", "--model-name", "a", "--price-in", "1")]
    [InlineData("\"niah\"; there are needle", "--endpoint", "http://127.0.0.1:9/v1", "--model-name", "a", "--tasks", "niah")]
    [InlineData("ruler/vt twice", "--endpoint", "http://127.0.0.1:9/v1", "--model-name", "a", "--tasks", "ruler", "ruler/vt")]
    [InlineData("--strategies has \"rag\"", "--endpoint", "http://127.0.0.1:9/v1", "--model-name", "a", "--strategies", "rag")]
    [InlineData("--metric without --questions FILE", "--endpoint", "http://127.0.0.1:9/v1", "--model-name", "a", "--metric", "word_f1")]
    [InlineData("There is no folder", "--model", "/no/such/folder")]
    [InlineData("--lengths has 32, expected at least 64", "--lengths", "32")]
    [InlineData("--depths has 1.5, expected 0 to 1", "--depths", "1.5")]
    [InlineData("--threshold is 1, expected between 0 and 1", "--threshold", "1")]
    [InlineData("--requests is 0, expected at least 1", "--requests", "0")]
    public async Task Run_UnusableArguments_EndsWithOneLineThatSaysWhy(string expected, params string[] arguments)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync(Sample, [.. arguments, "--output", folder["out"]]);
        run.AssertRefusal(expected);
        Assert.DoesNotContain("secret", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["out"]));
    }

    [Fact]
    public async Task Run_ServerThatRefuses_EndsWithOneLineThatHasItsWords()
    {
        using var server = new StubServer(_ => StubReply.Error(401, "invalid_api_key"));
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync(
            Sample, "--endpoint", $"{server.Address}", "--model-name", "stub", "--tasks", "passkey", "--lengths", "512", "--samples", "5", "--output", folder.Path);
        run.AssertRefusal("invalid_api_key");
        Assert.Contains("No question was answered", run.Error, StringComparison.Ordinal);
    }

    /// <summary>What a model says that reads the needle, if the prompt is no longer than it can read.</summary>
    private static string Answer(string prompt, int mostCharacters)
    {
        if (prompt.Length > mostCharacters) return "I do not know.";
        Match found = Needle().Match(prompt);
        return found.Groups.Values.Skip(1).FirstOrDefault(group => group.Success)?.Value ?? "There is none.";
    }

    private static int EffectiveLength(EvaluationReport report, string model) => LengthIn(report.Settings.Single(setting => setting.Key.StartsWith($"Effective length of {model},", StringComparison.Ordinal)).Value);

    private static int LengthIn(string note) =>
        int.Parse(Tokens().Match(note).Groups[1].Value, System.Globalization.NumberStyles.AllowThousands, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"spare brass key under the ([\w ]+)\.|pass key is (\d+)|magic numbers for [\w-]+ is: (\d+)")]
    private static partial Regex Needle();

    [GeneratedRegex(@"^([\d,]+) tokens")]
    private static partial Regex Tokens();
}
