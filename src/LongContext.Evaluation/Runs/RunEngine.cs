using System.Collections.Concurrent;
using System.Globalization;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Runs;

/// <summary>
/// A run while it lasts: its folder, the way to its models, and what it has found. Several evaluations may follow one another; models are evaluated at the same
/// time, each by so many workers that fetch the next item when they are free, so that no more items exist than are worked on.
/// </summary>
internal sealed class RunEngine : IDisposable
{
    private readonly EvaluationRunOptions options;
    private readonly RunFolder folder;
    private readonly CancellationTokenSource ends;
    private readonly RequestSender sender;
    private int failed;

    public RunEngine(EvaluationRunOptions options, CancellationToken cancellationToken)
    {
        this.options = options;
        folder = new RunFolder(options.Folder, options.TimeProvider);
        ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        sender = new RequestSender(options, folder.Responses, Counters, ends.Token);
    }

    public RequestCounters Counters { get; } = new();

    /// <summary>What the reader of a report should know.</summary>
    public IEnumerable<string> Notes(IEnumerable<EvaluationModel> models)
    {
        foreach (EvaluationModel model in models)
        {
            if (sender.Gate(model.Name).Stopped is { } why) yield return why;
        }

        if (folder.Responses.DamagedLines + folder.Results.DamagedLines is > 0 and var lines)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{lines} lines of the run's folder were damaged and left out; what they held was measured again where it was needed.");
        }
    }

    /// <summary>Evaluates everything that is not done yet.</summary>
    /// <returns>All results, in the order of models, strategies, tasks and items.</returns>
    public async Task<IReadOnlyList<ItemResult>> EvaluateAsync(
        IReadOnlyList<EvaluationModel> models, IReadOnlyList<EvaluationTask> tasks, IReadOnlyList<IContextStrategy> strategies, ProgressTracker progress)
    {
        RunStrategies applied = new(strategies, tasks);
        if (folder.Path is not null) RunSettings.Of(models, applied.All, tasks).Reconcile(folder.Path, options.OnChangedSettings);
        List<ModelWork> work = [.. models.Select(model => new ModelWork(model, tasks, applied, progress))];
        try
        {
            Task[] running = [.. work.Select(RunAsync)];
            try
            {
                await Task.WhenAll(running).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (running.FirstOrDefault(each => each.IsFaulted) is { } first)
            {
                // The others were only told to end.
                await first.ConfigureAwait(false);
            }
        }
        finally
        {
            await sender.DrainAsync().ConfigureAwait(false);
            folder.Flush();
        }

        progress.Report(last: true);
        return [.. work.SelectMany(each => each.Results.OrderBy(result => result.Place).Select(result => result.Result))];
    }

    public void Dispose()
    {
        sender.Dispose();
        folder.Dispose();
        ends.Dispose();
    }

    private async Task RunAsync(ModelWork work)
    {
        await Task.Yield();
        try
        {
            await Parallel.ForEachAsync(
                Pending(work),
                new ParallelOptions { MaxDegreeOfParallelism = options.ItemsAtOnce, CancellationToken = ends.Token },
                async (item, cancellationToken) => await EvaluateAsync(work, item, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch
        {
            // The others need not go on.
            await ends.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What is to be done, made one after the other as it is fetched. What is kept goes to the results on the way.</summary>
    private IEnumerable<PendingItem> Pending(ModelWork work)
    {
        for (int t = 0; t < work.Tasks.Count; t++)
        {
            EvaluationTask task = work.Tasks[t];
            string[] keys = [.. work.Strategies.All.Select(strategy => RunSettings.Key(work.Model, strategy, task))];
            HashSet<string> ids = new(StringComparer.Ordinal);
            IEnumerable<EvaluationItem> items = task.CreateItems(work.Model.Tokenizer);
            int number = 0;
            foreach (EvaluationItem item in options.MaximumItems is { } most ? items.Take(most) : items)
            {
                ends.Token.ThrowIfCancellationRequested();
                if (!ids.Add(item.Id)) throw new EvaluationRunException($"The task '{task.Name}' has two items with the id '{item.Id}', expected one.");
                string fingerprint = RunSettings.Fingerprint(item);
                for (int s = 0; s < keys.Length; s++)
                {
                    if (!work.Strategies.Apply(task, s)) continue;
                    Place place = new(s, t, number);
                    if (folder.Results.TryGet(keys[s], item.Id, fingerprint) is { } kept && (kept.Status != ItemStatus.Failed || !options.RetryFailed))
                    {
                        work.Add(place, kept, isResumed: true);
                        continue;
                    }

                    // Items that nobody will ask are not even made: a wrong address must not take hours to say so.
                    if (sender.Gate(work.Model.Name).Stopped is not null) yield break;
                    yield return new PendingItem(place, item, keys[s], fingerprint);
                }

                number++;
            }

            work.Progress.Counted(t, number);
        }
    }

    private async Task EvaluateAsync(ModelWork work, PendingItem pending, CancellationToken cancellationToken)
    {
        EvaluationTask task = work.Tasks[pending.Place.Task];
        IContextStrategy strategy = work.Strategies.All[pending.Place.Strategy];
        EvaluationItem item = pending.Item;
        ItemSession session = new(work.Model, strategy, sender, options.TimeProvider);
        ItemResult result = new()
        {
            Model = work.Model.Name,
            Strategy = strategy.Name,
            Task = task.Name,
            Item = item.Id,
            Status = ItemStatus.Scored,
            Group = item.Group,
            Length = item.Length,
            Depth = item.Depth,
            Properties = item.Properties,
            References = item.Answers,
        };
        bool isKept = true;
        try
        {
            ItemScore score = await task.EvaluateAsync(item, session, cancellationToken).ConfigureAwait(false);
            result = session.Complete(result, score, options.PromptCharacters);
        }
        catch (Exception exception) when (exception is not EvaluationRunException)
        {
            // What goes wrong while the run ends says nothing about the item.
            cancellationToken.ThrowIfCancellationRequested();
            ends.Token.ThrowIfCancellationRequested();
            isKept = exception is not ModelStoppedException;
            ItemStatus status = RequestFaults.Classify(exception, options.IsTransient) == FaultKind.TooLong ? ItemStatus.TooLong : ItemStatus.Failed;
            result = session.Complete(result with { Status = status, Fault = Fault(exception) }, null, options.PromptCharacters);
        }

        if (isKept) folder.Results.Add(pending.Key, pending.Fingerprint, result);
        RunTelemetry.Items.Add(1, new("model", result.Model), new("task", result.Task), new("status", result.Status.ToString()));
        work.Add(pending.Place, result, isResumed: false);
        if (result.Status == ItemStatus.Failed && Interlocked.Increment(ref failed) is var count && count > options.MaximumFailures)
        {
            throw new EvaluationRunException(
                $"{count} items failed, {options.MaximumFailures} are allowed; the last was '{item.Id}' of '{task.Name}' with '{work.Model.Name}': {result.Fault} "
                + "What was found until then is kept where the run has a folder.");
        }
    }

    private static string Fault(Exception exception) => exception is ModelStoppedException or PromptTooLongException ? exception.Message : RequestSender.Describe(exception);

    private sealed record PendingItem(Place Place, EvaluationItem Item, string Key, string Fingerprint);

    /// <summary>Where a result stands among those of its model.</summary>
    private readonly record struct Place(int Strategy, int Task, int Item) : IComparable<Place>
    {
        public int CompareTo(Place other) => (Strategy, Task, Item).CompareTo((other.Strategy, other.Task, other.Item));
    }

    private sealed class ModelWork(EvaluationModel model, IReadOnlyList<EvaluationTask> tasks, RunStrategies strategies, ProgressTracker progress)
    {
        public EvaluationModel Model => model;

        public IReadOnlyList<EvaluationTask> Tasks => tasks;

        public RunStrategies Strategies => strategies;

        public ModelProgress Progress { get; } = progress.Of(model.Name);

        public ConcurrentBag<(Place Place, ItemResult Result)> Results { get; } = [];

        public void Add(Place place, ItemResult result, bool isResumed)
        {
            Results.Add((place, result));
            Progress.Completed(place.Task, result.Status == ItemStatus.Failed, isResumed);
        }
    }
}
