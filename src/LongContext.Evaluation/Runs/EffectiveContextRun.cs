using System.Globalization;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Runs;

/// <summary>One search with its model: asks for as many items at a length as it takes.</summary>
internal sealed class EffectiveContextRun(
    EvaluationModel model, EffectiveContextOptions options, IReadOnlyList<EvaluationTask> tasks, RunEngine engine, int longest, IProgress<EffectiveContextProgress>? progress, CancellationToken cancellationToken)
{
    private const string AverageName = "average";

    private readonly IContextStrategy strategy = options.Strategy ?? new FullContextStrategy();
    private readonly Dictionary<(EvaluationTask Task, int Length), SizedSampler> samplers = [];

    public async Task<EffectiveContextResult> RunAsync()
    {
        try
        {
            List<EffectiveLength> found = [];
            foreach (EvaluationTask task in tasks) found.Add(await FindAsync(task.Name, [task]).ConfigureAwait(false));
            if (samplers.Values.All(sampler => sampler.Scores.All(score => score is null)))
            {
                SizedSampler? told = samplers.Values.FirstOrDefault(sampler => sampler.Fault is not null);
                throw new EvaluationRunException(
                    $"'{model.Name}' cannot be measured: no item of any length was scored{(told is null ? "" : $"; '{told.Task.Name}' at length {told.Length}: {told.Fault}")}");
            }

            // One task without a single item must not leave all others without a mean.
            EvaluationTask[] measured = [.. tasks.Where(task => samplers.Any(pair => pair.Key.Task == task && pair.Value.Scores.Count > 0))];
            EffectiveLength average = tasks.Count == 1 ? found[0] : await FindAsync(AverageName, measured).ConfigureAwait(false);
            return new EffectiveContextResult
            {
                Model = model.Name,
                Threshold = options.Threshold,
                ConfidenceLevel = options.ConfidenceLevel,
                Tasks = found,
                Average = average,
                Items = [.. tasks.SelectMany(task => samplers.Where(pair => pair.Key.Task == task).OrderBy(pair => pair.Key.Length).SelectMany(pair => pair.Value.Results))],
                Notes = [.. engine.Notes([model]), .. tasks.Except(measured).Select(task => $"The average is without '{task.Name}', which has no item of any length."), .. Faults()],
            };
        }
        finally
        {
            foreach (SizedSampler sampler in samplers.Values) sampler.Dispose();
        }
    }

    /// <summary>What failed, and where nothing could be measured.</summary>
    private IEnumerable<string> Faults()
    {
        foreach (EvaluationTask task in tasks)
        {
            foreach (SizedSampler sampler in samplers.Values.Where(sampler => sampler.Task == task && sampler.Fault is not null).OrderBy(sampler => sampler.Length))
            {
                int failed = sampler.Scores.Count(score => score is null);
                string what = sampler.Scores.Count == failed ? "no item was scored" : $"{failed} of {sampler.Scores.Count} items failed and count against either verdict";
                yield return string.Create(CultureInfo.InvariantCulture, $"'{task.Name}' at length {sampler.Length}: {what}, the last: {sampler.Fault}");
            }
        }
    }

    private Task<EffectiveLength> FindAsync(string name, IReadOnlyList<EvaluationTask> some)
    {
        int[] grid = LengthGrid.Create(options.MinimumLength, longest, options.Resolution);
        int[] checkPoints = LengthGrid.CheckPoints(options.CheckPoints, grid.Length);
        int most = LengthGrid.MostMeasured(checkPoints), lengths = 0;
        // A bracket is wrong only if one of the verdicts is.
        double alpha = (1 - options.ConfidenceLevel) / most;
        return LengthSearch.FindAsync(name, grid, checkPoints, options.Threshold, length =>
        {
            int number = ++lengths;
            return MeasureAsync(some, length, alpha, measurement =>
                progress?.Report(new EffectiveContextProgress(name, measurement, number, most, engine.Counters.Requests)));
        });
    }

    /// <summary>Asks until the verdict is there or the items end. With several tasks the scores are the means of each task's first, second, … item.</summary>
    private async Task<LengthMeasurement> MeasureAsync(IReadOnlyList<EvaluationTask> some, int length, double alpha, Action<LengthMeasurement> told)
    {
        SizedSampler[] each = [.. some.Select(task => Sampler(task, length))];
        BettingTest test = new(options.Threshold, alpha);
        List<double> scores = [];
        int rounds = 0;
        while (true)
        {
            int ready = each.Min(sampler => sampler.Scores.Count);
            // Looked at batch by batch, whatever has been asked already for another question: else results would depend on it.
            for (int most = Math.Min(Math.Min(ready, options.MaximumItems), rounds + options.BatchSize); rounds < most; rounds++)
            {
                double?[] round = [.. each.Select(sampler => sampler.Scores[rounds])];
                test.Add(round.Average(score => score ?? 0), round.Average(score => score ?? 1));
                if (round.All(score => score is not null)) scores.Add(round.Average(score => score!.Value));
            }

            bool isLast = test.Verdict != LengthVerdict.Undecided || rounds >= options.MaximumItems
                || (rounds == ready && each.Any(sampler => sampler.IsExhausted && sampler.Scores.Count == ready));
            LengthMeasurement measurement = new()
            {
                Length = length,
                Items = scores.Count,
                Failed = rounds - scores.Count,
                Mean = scores.Count == 0 ? 0 : scores.Average(),
                Interval = ConfidenceIntervals.OfMean(scores, options.ConfidenceLevel, options.Run.Seed),
                Verdict = test.Verdict,
            };
            if (rounds > 0) told(measurement);
            if (isLast) return measurement;
            if (rounds == ready) await AskAsync([.. each.Where(sampler => sampler.Scores.Count == ready)]).ConfigureAwait(false);
        }
    }

    private SizedSampler Sampler(EvaluationTask task, int length)
    {
        if (!samplers.TryGetValue((task, length), out SizedSampler? sampler)) samplers[(task, length)] = sampler = new SizedSampler(task, length, model.Tokenizer);
        return sampler;
    }

    private async Task AskAsync(SizedSampler[] each)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // All check points but the first may fail, and the lengths between them not.
        engine.Resume(options.CheckPoints);
        (SizedSampler Sampler, List<EvaluationItem> Items)[] asked =
            [.. each.Select(sampler => (sampler, sampler.Next(Math.Min(options.BatchSize, options.MaximumItems - sampler.Scores.Count))))];
        (SizedSampler Sampler, List<EvaluationItem> Items, SizedSlice Slice)[] some =
            [.. asked.Where(pair => pair.Items.Count > 0).Select(pair => (pair.Sampler, pair.Items, new SizedSlice(pair.Sampler.Task, pair.Sampler.Length, pair.Items)))];
        if (some.Length == 0) return;
        EvaluationTask[] slices = [.. some.Select(pair => pair.Slice)];
        ProgressTracker tracker = new([model], slices, 1, options.Run, engine.Counters, null);
        IReadOnlyList<ItemResult> results = await engine.EvaluateAsync([model], slices, [strategy], tracker).ConfigureAwait(false);
        ILookup<string, ItemResult> byTask = results.ToLookup(result => result.Task);
        foreach ((SizedSampler sampler, List<EvaluationItem> items, SizedSlice slice) in some) sampler.Take(items, byTask[slice.Name]);
    }
}
