using System.Globalization;
using LongContext.Evaluation.Runs;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation;

/// <summary>Evaluates models × strategies × tasks: at the same time within limits, with retries, and so that a run that was ended goes on.</summary>
/// <remarks>
/// <para>
/// Results do not depend on how many requests are made at once, nor on which come back first. Equal requests are made once, answers are kept before anything is done with them, and with a
/// <see cref="EvaluationRunOptions.Folder"/> neither is lost when the process is killed. An answer is told apart by the model's name and <see cref="EvaluationModel.Identity"/>, the
/// messages and all settings. A folder belongs to one run at a time; a second one on it is refused.
/// </para>
/// <para>
/// Clients often retry by themselves. Where they do, every one of our tries is several of theirs, and their time-outs come first: for OpenAI's client set <c>RetryPolicy = new
/// ClientRetryPolicy(maxRetries: 0)</c> and a <c>NetworkTimeout</c> of at least <see cref="EvaluationRunOptions.RequestTimeout"/>.
/// </para>
/// <para>An activity source and a meter named "LongContext" tell of requests, tokens, retries and items.</para>
/// </remarks>
public sealed class EvaluationRunner
{
    private readonly EvaluationRunOptions options;

    /// <summary>Makes a runner; it may be used for several runs, one after the other where they have a folder.</summary>
    /// <param name="options">How to run. Default: four requests at once, nothing kept on disk.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public EvaluationRunner(EvaluationRunOptions? options = null)
    {
        this.options = options ?? new EvaluationRunOptions();
        this.options.Validate();
    }

    /// <summary>Runs. An item that fails is part of the report, and the run goes on.</summary>
    /// <param name="models">The models, at least one, each with a name of its own.</param>
    /// <param name="tasks">The tasks, at least one, each with a name of its own.</param>
    /// <param name="strategies">What is done with long contexts, each with a name of its own. Default: nothing, full context.</param>
    /// <param name="progress">Told how far it is, at most as often as the options say.</param>
    /// <param name="cancellationToken">Ends the run; what it has found is kept in the folder.</param>
    /// <exception cref="ArgumentException">A list is empty or has a name twice.</exception>
    /// <exception cref="EvaluationRunException">
    /// The folder cannot be used, is used by another run, or has results of other settings; or more items failed than are allowed.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<EvaluationReport> RunAsync(
        IReadOnlyList<EvaluationModel> models, IReadOnlyList<EvaluationTask> tasks, IReadOnlyList<IContextStrategy>? strategies = null,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        RequireNames(models, model => model.Name, nameof(models));
        RequireNames(tasks, task => task.Name, nameof(tasks));
        strategies ??= [new FullContextStrategy()];
        RequireNames(strategies, strategy => strategy.Name, nameof(strategies));

        DateTimeOffset began = options.TimeProvider.GetUtcNow();
        using RunEngine engine = new(options, cancellationToken);
        ProgressTracker tracker = new(models, tasks, strategies.Count, options, engine.Counters, progress);
        IReadOnlyList<ItemResult> results = await engine.EvaluateAsync(models, tasks, strategies, tracker).ConfigureAwait(false);
        IReadOnlyList<TaskSummary> summaries = RunSummary.Of(models, strategies, tasks, results, engine, options);
        EvaluationReport report = new()
        {
            Title = options.Title,
            Began = began,
            Items = results,
            Tasks = summaries,
            Settings = Settings(models),
            Notes = [.. engine.Notes(models), .. NotAsked(summaries), .. UnmadeItems.Notes(summaries, results), .. AnswerNotes.Of(results), .. JudgeNotes.Of(models, tasks), .. tasks.SelectMany(task => task.Notes)],
            Currency = options.Currency,
        };
        return report with { Sections = [.. tasks.Select(task => task.Benchmark).OfType<IBenchmark>().Distinct().Select(benchmark => benchmark.Summarize(report)).Append(TaskDeviations.Section(report.Tasks)).OfType<ReportSection>()] };
    }

    /// <summary>Says what <see cref="RunAsync"/> would take with the same arguments, without asking anything: items, requests, tokens, cost.</summary>
    /// <param name="models">The models, at least one, each with a name of its own.</param>
    /// <param name="tasks">The tasks, at least one, each with a name of its own.</param>
    /// <param name="strategies">What is done with long contexts, each with a name of its own. Default: nothing, full context.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <remarks>All items are made and counted, which for many long ones takes a while; <see cref="EvaluationRunOptions.MaximumItems"/> holds.</remarks>
    /// <exception cref="ArgumentException">A list is empty or has a name twice.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<EvaluationPlan> PlanAsync(
        IReadOnlyList<EvaluationModel> models, IReadOnlyList<EvaluationTask> tasks, IReadOnlyList<IContextStrategy>? strategies = null, CancellationToken cancellationToken = default)
    {
        RequireNames(models, model => model.Name, nameof(models));
        RequireNames(tasks, task => task.Name, nameof(tasks));
        strategies ??= [new FullContextStrategy()];
        RequireNames(strategies, strategy => strategy.Name, nameof(strategies));
        RunStrategies applied = new(strategies, tasks);
        return Task.Run(
            () => new EvaluationPlan
            {
                Entries = [.. from model in models from task in tasks select RunPlan.Of(model, task, applied, options, cancellationToken)],
                Currency = options.Currency,
            },
            cancellationToken);
    }

    private IEnumerable<string> NotAsked(IEnumerable<TaskSummary> summaries) =>
        summaries.Where(summary => summary.NotAsked > 0).GroupBy(summary => summary.Model).Select(model =>
            string.Create(CultureInfo.InvariantCulture, $"The model '{model.Key}' was never asked {model.Sum(summary => summary.NotAsked):N0} items or more: {PerTask(model)}.")
            + (options.Folder is null ? "" : " When the run is started again on its folder, they are."));

    private static string PerTask(IEnumerable<TaskSummary> summaries) =>
        string.Join(", ", summaries.Select(summary => string.Create(CultureInfo.InvariantCulture, $"{summary.NotAsked:N0} of '{summary.Task}'")).Distinct());

    private List<KeyValuePair<string, string>> Settings(IReadOnlyList<EvaluationModel> models)
    {
        List<KeyValuePair<string, string>> settings = [];
        void Add(string name, string? value)
        {
            if (value is not null) settings.Add(new(name, value));
        }

        foreach (EvaluationModel model in models) Add(models.Count == 1 ? "context length" : $"context length of {model.Name}", model.ContextLength?.ToString(CultureInfo.InvariantCulture));
        Add("items of a task at most", options.MaximumItems?.ToString(CultureInfo.InvariantCulture));
        Add("confidence level", options.ConfidenceLevel.ToString(CultureInfo.InvariantCulture));
        if (options.Streaming) Add("answers", "streamed");
        return settings;
    }

    private static void RequireNames<T>(IReadOnlyList<T> list, Func<T, string> nameOf, string parameter)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(list, parameter);
        if (list.Count == 0) throw new ArgumentException("The list is empty, expected at least one.", parameter);
        if (list.Any(entry => entry is null)) throw new ArgumentException("The list holds null.", parameter);
        foreach (IGrouping<string, T> group in list.GroupBy(nameOf, StringComparer.Ordinal))
        {
            if (string.IsNullOrEmpty(group.Key)) throw new ArgumentException("A name is empty.", parameter);
            if (group.Count() > 1) throw new ArgumentException($"The name '{group.Key}' stands there {group.Count()} times, expected once.", parameter);
        }
    }
}
