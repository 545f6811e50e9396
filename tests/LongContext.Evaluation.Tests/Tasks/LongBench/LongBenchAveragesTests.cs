namespace LongContext.Evaluation.Tasks.LongBench;

public sealed class LongBenchAveragesTests
{
    // GPT-3.5-Turbo-16k's scores and averages as the benchmark's README and the paper's table 3 report them (THUDM/LongBench 2e00731, LongBench/README.md).
    private static readonly (string Set, double Score)[] Published =
    [
        ("narrativeqa", 23.6), ("qasper", 43.3), ("multifieldqa_en", 52.3), ("multifieldqa_zh", 61.2), ("hotpotqa", 51.6), ("2wikimqa", 37.7), ("musique", 26.9), ("dureader", 28.7),
        ("gov_report", 29.5), ("qmsum", 23.4), ("multi_news", 26.7), ("vcsum", 16.0), ("trec", 68.0), ("triviaqa", 91.4), ("samsum", 41.7), ("lsht", 29.2),
        ("passage_count", 4.5), ("passage_retrieval_en", 71.0), ("passage_retrieval_zh", 77.5), ("lcc", 54.7), ("repobench-p", 53.6),
    ];

    [Fact]
    public void Of_PublishedScores_GivesThePublishedAverages()
    {
        LongBenchAverages averages = Assert.Single(LongBenchAverages.Of(Report([.. Published.Select(one => Summary($"longbench/{one.Set}", one.Score))])));
        const double Digit = 0.0751; // the published scores are rounded themselves
        Assert.Equal(44.0, averages.English.Overall!.Value, Digit);
        Assert.Equal(39.8, averages.English.SingleDocumentQuestions!.Value, Digit);
        Assert.Equal(38.7, averages.English.MultiDocumentQuestions!.Value, Digit);
        Assert.Equal(26.5, averages.English.Summarization!.Value, Digit);
        Assert.Equal(67.1, averages.English.FewShotLearning!.Value, Digit);
        Assert.Equal(54.1, averages.English.CodeCompletion!.Value, Digit);
        Assert.Equal(37.8, averages.English.Synthetic!.Value, Digit);
        Assert.Equal(44.5, averages.Chinese.Overall!.Value, Digit);
        Assert.Equal(61.2, averages.Chinese.SingleDocumentQuestions!.Value, 1e-9);
        Assert.Equal(54.1, averages.Chinese.CodeCompletion!.Value, Digit);
        Assert.Equal(77.5, averages.Chinese.Synthetic!.Value, 1e-9);
        Assert.Equal(44.7, averages.All.Overall!.Value, Digit);
        Assert.Equal((4.5 + 71 + 77.5) / 3, averages.All.Synthetic!.Value, 1e-9);
        Assert.Equal(("longbench", null, "model", "full context"), (averages.Benchmark, averages.Bucket, averages.Model, averages.Strategy));
        Assert.Empty(averages.Missing);
        Assert.Empty(averages.Incomplete);
    }

    [Fact]
    public void Of_DataSetMissing_LeavesItsAveragesOut()
    {
        TaskSummary[] summaries = [.. Published.Where(one => one.Set != "musique").Select(one => Summary($"longbench/{one.Set}", one.Score))];
        summaries[1] = summaries[1] with { Failed = 2 };
        summaries[2] = summaries[2] with { Scored = 149 };
        summaries[3] = summaries[3] with { Scored = 200 };
        LongBenchAverages averages = Assert.Single(LongBenchAverages.Of(Report(summaries)));
        Assert.Equal((null, null, null), (averages.English.Overall, averages.English.MultiDocumentQuestions, averages.All.Overall));
        Assert.NotNull(averages.English.SingleDocumentQuestions);
        Assert.NotNull(averages.Chinese.Overall);
        Assert.Equal(["musique"], averages.Missing);
        Assert.Equal(["qasper", "multifieldqa_en"], averages.Incomplete);
    }

    [Fact]
    public void Of_LongBenchE_AveragesEachBucket()
    {
        TaskSummary[] summaries = [.. LongBench.DataSetsOfE.Select((set, i) => Summary($"longbench-e/{set}", 0) with
        {
            Figures = [new("0-4k", 10 + i), new("4-8k", set == "lcc" ? null : 20), new TaskFigure("8k+", 30)],
        })];
        IReadOnlyList<LongBenchAverages> averages = LongBenchAverages.Of(Report(summaries));
        Assert.Equal(["0-4k", "4-8k", "8k+"], averages.Select(average => average.Bucket));
        // 10 qasper, 11 multifieldqa_en; 12, 13; 14, 15; 16, 17, 18; 19, 20; 21, 22.
        Assert.Equal((10.5 + 12.5 + 14.5 + 17 + 19.5 + 21.5) / 6, averages[0].English.Overall!.Value, 1e-9);
        Assert.Equal(averages[0].English, averages[0].All);
        Assert.Equal(new LongBenchAverage(), averages[0].Chinese);
        Assert.Equal((null, 20.0), (averages[1].English.Overall, averages[1].English.FewShotLearning));
        Assert.Equal(["lcc"], averages[1].Missing);
        Assert.Equal(30, averages[2].English.Overall);
        Assert.All(averages, average => Assert.Equal("longbench-e", average.Benchmark));
    }

    [Fact]
    public void Of_LongBenchEOfFewerItems_IsIncomplete()
    {
        TaskSummary[] summaries = [.. LongBench.DataSetsOfE.Select(set => Summary($"longbench-e/{set}", 0))];
        summaries[0] = summaries[0] with { NotAsked = 1 };
        summaries[1] = summaries[1] with { Deviations = ["the first 20 items of each length only"] };
        summaries[2] = summaries[2] with { Deviations = ["words of another segmenter than jieba"] };
        Assert.All(LongBenchAverages.Of(Report(summaries)), averages => Assert.Equal(LongBench.DataSetsOfE.Take(2), averages.Incomplete));
        Assert.All(LongBenchAverages.Of(Report([Summary("longbench-e/qasper (first 20)", 0)])), averages => Assert.Equal(["qasper"], averages.Incomplete));
    }

    [Fact]
    public void Of_NotesAndOtherTasks_AreKeptApart()
    {
        TaskSummary[] summaries =
        [
            Summary("longbench/qasper", 1), Summary("longbench/qasper (first 20)", 2), Summary("longbench/vcsum (first 20; not comparable with published figures)", 3),
            Summary("longbench/qasper", 4) with { Strategy = "retrieval" }, Summary("longbench/other", 5), Summary("mine/qasper", 6), Summary("qasper", 7),
        ];
        IReadOnlyList<LongBenchAverages> averages = LongBenchAverages.Of(Report(summaries));
        Assert.Equal([("longbench", "full context"), ("longbench (first 20)", "full context"), ("longbench", "retrieval")], averages.Select(average => (average.Benchmark, average.Strategy)));
        Assert.Contains("vcsum", averages[1].Missing);
        Assert.DoesNotContain("qasper", averages[1].Missing);
        Assert.Empty(LongBenchAverages.Of(Report([Summary("mine/qasper", 6)])));
    }

    private static TaskSummary Summary(string task, double score) =>
        new() { Model = "model", Strategy = "full context", Task = task, Scored = 500, Figures = [new TaskFigure("score", score)] };

    private static EvaluationReport Report(TaskSummary[] summaries) => new() { Title = "t", Began = DateTimeOffset.UnixEpoch, Items = [], Tasks = summaries };
}
