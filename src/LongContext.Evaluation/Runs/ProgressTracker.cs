using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Runs;

/// <summary>Counts what is done and tells it, in order and not too often.</summary>
internal sealed class ProgressTracker
{
    private readonly string[] models;
    private readonly EvaluationTask[] tasks;
    private readonly int strategyCount;
    private readonly EvaluationRunOptions options;
    private readonly RequestCounters counters;
    private readonly IProgress<EvaluationProgress>? listener;
    private readonly TimeProvider time;
    private readonly long began;
    private readonly Lock state = new();
    private readonly int[,] done;
    private readonly int[] fresh;
    private readonly TimeSpan?[] firstFresh;
    private readonly int?[] totals;
    private int resumed, failed;
    private TimeSpan? told;

    public ProgressTracker(
        IReadOnlyList<EvaluationModel> models, IReadOnlyList<EvaluationTask> tasks, int strategyCount, EvaluationRunOptions options, RequestCounters counters,
        IProgress<EvaluationProgress>? listener)
    {
        this.models = [.. models.Select(model => model.Name)];
        this.tasks = [.. tasks];
        this.strategyCount = strategyCount;
        this.options = options;
        this.counters = counters;
        this.listener = listener;
        time = options.TimeProvider;
        began = time.GetTimestamp();
        done = new int[models.Count, tasks.Count];
        fresh = new int[models.Count];
        firstFresh = new TimeSpan?[models.Count];
        totals = [.. tasks.Select(task => ItemSource.CountOf(task, options.MaximumItems))];
    }

    public ModelProgress Of(string model) => new(this, Array.IndexOf(models, model));

    public void Counted(int task, int items)
    {
        lock (state) totals[task] = items;
    }

    public void Began(int model)
    {
        lock (state) firstFresh[model] ??= time.GetElapsedTime(began);
    }

    public void Completed(int model, int task, bool isFailed, bool isResumed)
    {
        lock (state)
        {
            done[model, task]++;
            if (isFailed) failed++;
            if (isResumed) resumed++;
            else fresh[model]++;
        }

        Report(last: false);
    }

    /// <param name="last">Whether it is told in any case.</param>
    public void Report(bool last)
    {
        if (listener is null) return;
        lock (state)
        {
            TimeSpan now = time.GetElapsedTime(began);
            if (!last && told is { } before && now - before < options.ProgressInterval) return;
            told = now;
            listener.Report(Current(now));
        }
    }

    private EvaluationProgress Current(TimeSpan now)
    {
        List<EvaluationTaskProgress> each = [];
        for (int m = 0; m < models.Length; m++)
        {
            for (int t = 0; t < tasks.Length; t++) each.Add(new EvaluationTaskProgress(models[m], tasks[t].Name, done[m, t], Total(t)));
        }

        int? perModel = totals.All(total => total is not null) ? tasks.Select((_, t) => Total(t)).Sum() : null;
        return counters.AddTo(new EvaluationProgress
        {
            Done = done.Cast<int>().Sum(),
            Total = perModel * models.Length,
            Resumed = resumed,
            Failed = failed,
            Elapsed = now,
            Remaining = Remaining(now, perModel),
            Tasks = each,
        });
    }

    /// <summary>Of one model. A task that says less than it has is not done before it is.</summary>
    private int? Total(int task) => totals[task] is { } total ? Math.Max(total * Times(task), Enumerable.Range(0, models.Length).Max(m => done[m, task])) : null;

    private int Times(int task) => tasks[task].UsesStrategies ? strategyCount : 1;

    /// <summary>Models run at the same time, so the slowest one counts. Items that were kept say nothing of the pace, and reading them is over when the first is asked.</summary>
    private TimeSpan? Remaining(TimeSpan now, int? perModel)
    {
        if (perModel is not { } total) return null;
        TimeSpan slowest = TimeSpan.Zero;
        for (int m = 0; m < models.Length; m++)
        {
            int left = total;
            for (int t = 0; t < tasks.Length; t++) left -= done[m, t];
            if (left <= 0) continue;
            if (fresh[m] == 0) return null;
            TimeSpan own = (now - (firstFresh[m] ?? TimeSpan.Zero)) / fresh[m] * left;
            if (own > slowest) slowest = own;
        }

        return slowest;
    }
}
