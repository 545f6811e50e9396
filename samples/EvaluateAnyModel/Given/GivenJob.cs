using LongContext.Evaluation;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;
using LongContext.Samples.Shared;

namespace LongContext.Samples.EvaluateAnyModel.Given;

/// <summary>Evaluates a user's model: the tasks at their lengths, then the effective length.</summary>
internal sealed class GivenJob
{
    public required Func<EvaluationModel> Open { get; init; }

    public required TaskPlan Plan { get; init; }

    public required IReadOnlyList<IContextStrategy> Strategies { get; init; }

    /// <summary>The mean score that the effective length must keep; null where it is not looked for.</summary>
    public required double? Threshold { get; init; }

    public required EvaluationRunOptions Run { get; init; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        EvaluationModel model = Open();
        using IDisposable client = model.Client;
        IReadOnlyList<int> lengths = Plan.LengthsFor(model);
        if (Threshold is not null && lengths[0] == lengths[^1]) throw new UsageException("--effective needs two --lengths: between the shortest and the longest is where it looks.");
        IReadOnlyList<EvaluationTask> tasks = Plan.Create(lengths);
        EvaluationReport report = await new EvaluationRunner(Run).RunAsync([model], tasks, Strategies, new RunLines("asking"), cancellationToken);
        if (!report.Items.Any(item => item.Status == ItemStatus.Scored))
        {
            ItemResult? first = report.Items.FirstOrDefault(item => item.Fault is not null);
            throw new UsageException($"No question was answered. {first?.Task}, {first?.Item}: {first?.Fault?.ReplaceLineEndings(" ")}");
        }

        EffectiveContextResult[] found = Threshold is { } threshold ? [await SearchAsync(model, lengths, threshold, cancellationToken)] : [];
        Findings.Show(report, found, Run.Folder!);
    }

    private Task<EffectiveContextResult> SearchAsync(EvaluationModel model, IReadOnlyList<int> lengths, double threshold, CancellationToken cancellationToken)
    {
        var options = new EffectiveContextOptions
        {
            Tasks = Plan.CreateForSearch(lengths),
            Threshold = threshold,
            MinimumLength = lengths[0],
            MaximumLength = lengths[^1],
            MaximumItems = TaskPlan.SearchItems,
            Run = Run,
        };
        return EffectiveContext.FindAsync(model, options, new SearchLines(model.Name, TaskPlan.SearchItems), cancellationToken);
    }
}
