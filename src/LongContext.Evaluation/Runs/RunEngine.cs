using System.Collections.Concurrent;
using System.Globalization;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Judging;

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
    private readonly Dictionary<(string Model, string Task), Expectation> missing = [];
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
        List<string> stopped = [.. sender.Stopped];
        foreach (EvaluationModel model in models)
        {
            stopped.Remove(sender.Gate(model).Stopped ?? string.Empty);
            if (sender.Gate(model).Stopped is { } why) yield return why;
        }

        // Judges and re-rankers too.
        foreach (string why in stopped) yield return why;
        foreach (EvaluationModel model in models.Where(model => folder.Path is not null && model.FindIdentity().Length == 0))
        {
            yield return $"Nothing but the name '{model.Name}' tells this model's answers in the folder apart: they are used even where another model stands behind it now. "
                + $"Give {nameof(EvaluationModel)}.{nameof(EvaluationModel.Identity)} to have that seen.";
        }

        if (folder.Responses.DamagedLines + folder.Results.DamagedLines is > 0 and var lines)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{lines} lines of the run's folder were damaged and left out; what they held was measured again where it was needed.");
        }
    }

    /// <summary>Gives models that are not asked any more, judges and re-rankers too, another chance, where <see cref="ModelGate.Resume"/> sees one.</summary>
    public void Resume(int most) => sender.Resume(most);

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

        foreach (ModelWork each in work)
        {
            for (int t = 0; t < tasks.Count; t++) missing[(each.Model.Name, tasks[t].Name)] = each.Missing[t];
        }

        progress.Report(last: true);
        return [.. work.SelectMany(each => each.Results.OrderBy(result => result.Place).Select(result => result.Result))];
    }

    /// <summary>Items of a task that a model was never asked, with one strategy that has so many results; at least one where nobody knows how many there are.</summary>
    public int NotAsked(string model, string task, int results) => missing.GetValueOrDefault((model, task)) switch
    {
        { IsComplete: true } => 0,
        { Expected: { } expected, NotMade: var notMade } => Math.Max(0, expected - results - notMade),
        _ => 1,
    };

    /// <summary>Items of a task that cannot be made for a model: asking again does not help.</summary>
    public int NotMade(string model, string task) => missing.GetValueOrDefault((model, task)).NotMade;

    public void Dispose()
    {
        // Whoever is still waiting for a place or for an answer ends, instead of running into what is gone.
        ends.Cancel();
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
                new ParallelOptions { MaxDegreeOfParallelism = options.ItemsAtOnceOf(work.Model), CancellationToken = ends.Token },
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
            HashSet<(int Strategy, string Item)> placed = [];
            int number = 0, notMade = 0;
            bool isStopped = false;
            foreach (ItemSource.Made made in ItemSource.Of(task, work.Model.Tokenizer, options.MaximumItems))
            {
                ends.Token.ThrowIfCancellationRequested();
                if (made.Item is not { } item)
                {
                    notMade += Math.Max(1, made.Missing ?? 1);
                    AddUnmade(work, t, number++, made);
                    continue;
                }

                if (!ids.Add(item.Id)) throw new EvaluationRunException($"The task '{task.Name}' has two items with the id '{item.Id}', expected one.");
                string fingerprint = RunSettings.Fingerprint(item);
                for (int s = 0; s < keys.Length && !isStopped; s++)
                {
                    if (!work.Strategies.Apply(task, s)) continue;
                    Place place = new(s, t, number);
                    if (folder.Results.TryGet(keys[s], item.Id, fingerprint) is { } kept && (!kept.HasFailed || !options.RetryFailed))
                    {
                        placed.Add((s, item.Id));
                        work.Add(place, kept, isResumed: true);
                        continue;
                    }

                    isStopped = sender.Gate(work.Model).Stopped is not null;
                    if (isStopped) break;
                    placed.Add((s, item.Id));
                    yield return new PendingItem(place, item, keys[s], fingerprint);
                }

                // Items that nobody will ask are not even made: a wrong address must not take hours to say so.
                if (isStopped) break;
                number++;
            }

            if (isStopped) AddKept(work, t, keys, placed);
            else work.Progress.Counted(t, number);
            work.Missing[t] = new Expectation(!isStopped, notMade, ItemSource.CountOf(task, options.MaximumItems));
        }
    }

    /// <summary>What a model that is not asked any more has answered in earlier runs. Its settings say that the task is the same; whether each item is would take making them.</summary>
    private void AddKept(ModelWork work, int task, string[] keys, HashSet<(int Strategy, string Item)> placed)
    {
        bool isParted = work.Tasks[task] is IPartedTask { Parts.Count: > 1 }, isSized = work.Tasks[task] is ISizedTask { Lengths.Count: > 0 };
        // Items of a search that were made already are all that it asks for.
        HashSet<string>? asked = work.Tasks[task] is SizedSlice slice ? [.. slice.CreateItems(work.Model.Tokenizer).Select(item => item.Id)] : null;
        for (int s = 0; s < keys.Length; s++)
        {
            if (!work.Strategies.Apply(work.Tasks[task], s)) continue;
            Dictionary<(string? Group, int Length), int> counts = [];
            foreach ((int number, ItemResult kept) in folder.Results.All(keys[s]))
            {
                if (asked?.Contains(kept.Item) == false) continue;
                (string?, int) part = (isParted ? kept.Group : null, isSized && !isParted ? kept.Length ?? -1 : -1);
                int count = counts.GetValueOrDefault(part);
                if (count >= options.MaximumItems) continue;
                counts[part] = count + 1;
                if (placed.Add((s, kept.Item))) work.Add(new Place(s, task, number), kept, isResumed: true);
            }
        }
    }

    /// <summary>Items that cannot be made, such as those of a length that not even the question has: one result says so, and the run goes on.</summary>
    private static void AddUnmade(ModelWork work, int task, int number, ItemSource.Made made)
    {
        for (int s = 0; s < work.Strategies.All.Count; s++)
        {
            if (!work.Strategies.Apply(work.Tasks[task], s)) continue;
            ItemResult result = new()
            {
                Model = work.Model.Name,
                Strategy = work.Strategies.All[s].Name,
                Task = work.Tasks[task].Name,
                Item = made.Length is { } length ? string.Create(CultureInfo.InvariantCulture, $"length {length}") : "items",
                Status = ItemStatus.NotMade,
                Length = made.Length,
                Fault = UnmadeItems.Fault(made),
                Details = UnmadeItems.Details(made),
            };
            work.Add(new Place(s, task, number), result, isResumed: false);
        }
    }

    private void CountFailure(ItemResult result)
    {
        if (!result.HasFailed || !(Interlocked.Increment(ref failed) is var count && count > options.MaximumFailures)) return;
        throw new EvaluationRunException(
            $"{count} items failed, {options.MaximumFailures} are allowed; the last was '{result.Item}' of '{result.Task}' with '{result.Model}': {result.Fault} "
            + "What was found until then is kept where the run has a folder.");
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
        work.Progress.Began();
        try
        {
            ItemScore score = await task.EvaluateAsync(item, session, cancellationToken).ConfigureAwait(false);
            result = session.Complete(result, score, options.PromptCharacters);
            isKept = !score.IsProvisional;
        }
        catch (Exception exception) when (exception is not EvaluationRunException)
        {
            // What goes wrong while the run ends says nothing about the item.
            cancellationToken.ThrowIfCancellationRequested();
            ends.Token.ThrowIfCancellationRequested();
            isKept = (exception is NotJudgedException ? exception.InnerException : exception) is not ModelStoppedException;
            ItemStatus status = exception is NotJudgedException ? ItemStatus.NotJudged : sender.Classify(exception) == FaultKind.TooLong ? ItemStatus.TooLong : ItemStatus.Failed;
            result = session.Complete(result with { Status = status, Fault = Fault(exception) }, null, options.PromptCharacters);
        }

        if (isKept) folder.Results.Add(pending.Key, pending.Fingerprint, pending.Place.Item, result);
        RunTelemetry.Items.Add(1, new("model", result.Model), new("task", result.Task), new("status", result.Status.ToString()));
        work.Add(pending.Place, result, isResumed: false);
        CountFailure(result);
    }

    private string Fault(Exception exception) => exception is ModelStoppedException or PromptTooLongException or FilteredAnswerException or NotJudgedException ? exception.Message : sender.DescribeWait(exception);

    private sealed record PendingItem(Place Place, EvaluationItem Item, string Key, string Fingerprint);

    /// <summary>Whether all items of a task came by, how many cannot be made, and how many there are, where it says so.</summary>
    private readonly record struct Expectation(bool IsComplete, int NotMade, int? Expected);

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

        /// <summary>Task by task; those that were never come to are not complete.</summary>
        public Expectation[] Missing { get; } = new Expectation[tasks.Count];

        public ModelProgress Progress { get; } = progress.Of(model.Name);

        public ConcurrentBag<(Place Place, ItemResult Result)> Results { get; } = [];

        public void Add(Place place, ItemResult result, bool isResumed)
        {
            Results.Add((place, result));
            Progress.Completed(place.Task, result.HasFailed, isResumed);
        }
    }
}
