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
            EffectiveLength average = tasks.Count == 1 ? found[0] : await FindAsync(AverageName, tasks).ConfigureAwait(false);
            return new EffectiveContextResult
            {
                Model = model.Name,
                Threshold = options.Threshold,
                ConfidenceLevel = options.ConfidenceLevel,
                Tasks = found,
                Average = average,
                Items = [.. tasks.SelectMany(task => samplers.Where(pair => pair.Key.Task == task).OrderBy(pair => pair.Key.Length).SelectMany(pair => pair.Value.Results))],
                Notes = [.. engine.Notes([model])],
            };
        }
        finally
        {
            foreach (SizedSampler sampler in samplers.Values) sampler.Dispose();
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
        while (true)
        {
            int ready = each.Min(sampler => sampler.Scores.Count);
            // Looked at batch by batch, whatever has been asked already for another question: else results would depend on it.
            for (int most = Math.Min(ready, scores.Count + options.BatchSize); scores.Count < most;)
            {
                double score = each.Average(sampler => sampler.Scores[scores.Count]);
                scores.Add(score);
                test.Add(score);
            }

            bool isLast = test.Verdict != LengthVerdict.Undecided || scores.Count >= options.MaximumItems
                || (scores.Count == ready && each.Any(sampler => sampler.IsExhausted && sampler.Scores.Count == ready));
            LengthMeasurement measurement = new()
            {
                Length = length,
                Items = scores.Count,
                Mean = scores.Count == 0 ? 0 : scores.Average(),
                Interval = ConfidenceIntervals.OfMean(scores, options.ConfidenceLevel, options.Run.Seed),
                Verdict = test.Verdict,
            };
            if (scores.Count > 0) told(measurement);
            if (isLast) return measurement;
            if (scores.Count == ready) await AskAsync([.. each.Where(sampler => sampler.Scores.Count == ready)]).ConfigureAwait(false);
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
        (SizedSampler Sampler, SizedSlice Slice)[] asked = [.. each.Select(sampler => (sampler, new SizedSlice(sampler.Task, sampler.Length, sampler.Next(options.BatchSize))))];
        (SizedSampler Sampler, SizedSlice Slice)[] some = [.. asked.Where(pair => pair.Slice.ItemCount > 0)];
        if (some.Length == 0) return;
        EvaluationTask[] slices = [.. some.Select(pair => pair.Slice)];
        ProgressTracker tracker = new([model], slices, 1, options.Run, engine.Counters, null);
        IReadOnlyList<ItemResult> results = await engine.EvaluateAsync([model], slices, [strategy], tracker).ConfigureAwait(false);
        ILookup<string, ItemResult> byTask = results.ToLookup(result => result.Task);
        foreach ((SizedSampler sampler, SizedSlice slice) in some) sampler.Take([.. byTask[slice.Name]]);
    }
}
