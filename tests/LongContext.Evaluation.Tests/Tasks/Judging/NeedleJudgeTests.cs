using LongContext.Evaluation.Runs;
using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks.Needles;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>The needle test with its own kind of judge, through a run.</summary>
public sealed class NeedleJudgeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_NeedleTaskWithJudge_ScoresAreItsRatings()
    {
        int[] ratings = [1, 3, 5, 7, 10];
        double[] depths = [0, 0.25, 0.5, 0.75, 1];
        ScriptedClient judging = new(prompt => $"It is so: [[{ratings[int.Parse(prompt.Split("answer number ")[1][..1], System.Globalization.CultureInfo.InvariantCulture)]}]]");
        Judge judge = new(RunModels.Of(judging, "judge"), JudgePrompt.Needle);
        NeedleTask task = new(new NeedleTaskOptions { Lengths = [1_024], Depths = depths, Judge = judge });
        // The model tells the items apart by where the needle stands.
        ScriptedClient client = new(prompt => $"answer number {(int)Math.Round(4.0 * prompt.IndexOf("lighthouse keeper", StringComparison.Ordinal) / prompt.IndexOf("\n\nWhere", StringComparison.Ordinal))}");
        string folder = Directory.CreateTempSubdirectory("needle-judge").FullName;
        try
        {
            EvaluationRunner runner = new(new EvaluationRunOptions { Folder = folder });
            EvaluationReport report = await runner.RunAsync([RunModels.Of(client)], [task], cancellationToken: Token);
            report = report with { Items = [.. report.Items.OrderBy(item => item.Depth)] };
            Assert.Equal([0.1, 0.3, 0.5, 0.7, 1.0], report.Items.Select(item => item.Score));
            Assert.Equal([1, 3, 5, 7, 10], report.Items.Select(item => item.Details["rating by judge"]));
            Assert.Equal(["answer number 0", "answer number 4"], [report.Items[0].Answer, report.Items[4].Answer]);
            Assert.Contains("[[10]]", report.Items[4].Judged, StringComparison.Ordinal);
            Assert.All(report.Items, item => Assert.Equal(2, item.Requests));
            NeedleTaskOptions asked = new();
            Assert.All(judging.Asked, request =>
            {
                Assert.Equal(2, request.Messages.Count);
                foreach (string part in (string[])[asked.Needle, asked.Question, "answer number"]) Assert.Contains(part, request.Messages[1].Text, StringComparison.Ordinal);
            });

            // Both models' answers are kept.
            await runner.RunAsync([RunModels.Of(client)], [task], cancellationToken: Token);
            Assert.Equal((5, 5), (client.Asked.Count, judging.Asked.Count));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
