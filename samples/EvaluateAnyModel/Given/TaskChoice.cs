using System.CommandLine;
using LongContext.Evaluation;
using LongContext.Evaluation.Metrics;
using LongContext.Evaluation.Segmentation;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.LongBench;
using LongContext.Evaluation.Tasks.Records;
using LongContext.Samples.Shared;

namespace LongContext.Samples.EvaluateAnyModel.Given;

/// <summary>The options that say what a model is asked.</summary>
internal sealed class TaskChoice(Option<int[]> lengths, Option<int?> samples, Option<double[]> depths, Option<int> seed)
{
    private readonly Option<string[]> names = Several<string>(
        "--tasks",
        "Tasks at every length: needle, multi-needle, passkey, repetition, key-value, ruler (all thirteen), or one of those, such as ruler/vt. "
        + "Default: needle, ruler/niah_multikey_1 and ruler/vt, where no files are given.");
    private readonly Option<string[]> essays = Several<string>("--essays", "Files or folders of text that needles are hidden in. Default: built-in sentences.");
    private readonly Option<string[]> questions = Several<string>("--questions", "Your own questions: files with \"context\", \"question\" and \"answers\" in each line.");
    private readonly Option<string?> metric = new("--metric") { Description = "With --questions: how answers are scored, such as word_f1, exact_match or rouge_l. Default: contains_words." };
    private readonly Option<DirectoryInfo?> longBench = new("--longbench") { Description = "LongBench's folder: the repository's, with data.zip unpacked in it." };
    private readonly Option<bool> longBenchE = new("--longbench-e") { Description = "With --longbench: LongBench-E, which is scored by lengths." };
    private readonly Option<string[]> longBenchSets = Several<string>("--longbench-sets", "With --longbench: only these data sets, such as qasper. Default: all that are there.");
    private readonly Option<DirectoryInfo?> jieba = new("--jieba") { Description = "With --longbench: the folder of jieba's dictionary, which Chinese answers are scored with." };
    private readonly Option<int?> items = new("--items") { Description = "Only the first so many of --questions and of each of LongBench's data sets." };

    public IEnumerable<Option> Options => [names, essays, questions, metric, longBench, longBenchE, longBenchSets, jieba, items];

    public static Option<T[]> Several<T>(string name, string description) => new(name) { Description = description, AllowMultipleArgumentsPerToken = true };

    /// <summary>Checks the names and reads the files.</summary>
    public TaskPlan Read(ParseResult parsed, CancellationToken cancellationToken)
    {
        string[] own = parsed.GetValue(questions) ?? [], sized = parsed.GetValue(names) ?? [];
        string? folder = parsed.GetValue(longBench)?.FullName;
        if (own.Length == 0) parsed.RequireNone("--questions FILE", metric);
        if (folder is null) parsed.RequireNone("--longbench FOLDER", longBenchE, longBenchSets, jieba);
        if (own.Length == 0 && folder is null) parsed.RequireNone("--questions FILE or --longbench FOLDER", items);
        if (sized.Length == 0 && own.Length == 0 && folder is null) sized = ["needle", "ruler/niah_multikey_1", "ruler/vt"];
        SizedTasks.Check(sized);
        int? most = parsed.GetValue(items);
        if (most < 1) throw new UsageException($"--items is {most}, expected at least 1.");

        List<EvaluationTask> fromFiles = [];
        if (own.Length > 0)
        {
            AnswerMetric? scoring = parsed.GetValue(metric) is { } name ? AnswerMetrics.Get(name) : null;
            // A context that is too long for the model loses its middle; the question stays whole.
            fromFiles.Add(QuestionTask.Load(own, new QuestionTaskOptions { Metric = scoring, MaximumItems = most, Truncation = PromptTruncation.ContextMiddle }, cancellationToken));
        }

        if (folder is not null) fromFiles.AddRange(LongBenchTasks(parsed, folder, most, cancellationToken));
        return new TaskPlan
        {
            Names = sized,
            FromFiles = fromFiles,
            Lengths = [.. (parsed.GetValue(lengths) ?? []).Order()],
            Samples = parsed.GetValue(samples) ?? 10,
            Depths = parsed.GetValue(depths) is { Length: > 0 } given ? given : [0, 0.25, 0.5, 0.75, 1],
            Essays = parsed.GetValue(essays) ?? [],
            Seed = parsed.GetValue(seed),
        };
    }

    private IReadOnlyList<EvaluationTask> LongBenchTasks(ParseResult parsed, string folder, int? most, CancellationToken cancellationToken)
    {
        var options = new LongBenchOptions
        {
            DataSets = parsed.GetValue(longBenchSets) is { Length: > 0 } sets ? sets : null,
            MaximumItems = most,
            Scoring = new LongBenchScoringOptions { Segmenter = parsed.GetValue(jieba) is { } dictionary ? JiebaSegmenter.Load(dictionary.FullName) : null },
        };
        return parsed.GetValue(longBenchE) ? LongBench.LoadE(folder, options, cancellationToken) : LongBench.Load(folder, options, cancellationToken);
    }
}
