using LongContext.Generation;
using LongContext.Models;

namespace LongContext.Evaluation;

/// <summary>Measures an original and models that were quantised from it in the same way, one after another.</summary>
public static class QuantizationEvaluator
{
    /// <summary>Measures and compares.</summary>
    /// <param name="original">The original.</param>
    /// <param name="quantized">The quantised models, at least one, each with a name of its own.</param>
    /// <param name="options">Text, lengths, tasks, limits.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Figures, losses and verdicts.</returns>
    /// <exception cref="ArgumentException">Options cannot be used, the text is too short, or names are not distinct.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task<QuantizationReport> EvaluateAsync(
        QuantizationCandidate original, IReadOnlyList<QuantizationCandidate> quantized, QuantizationReportOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(quantized);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(nameof(options));
        if (quantized.Count == 0) throw new ArgumentException("The list is empty, expected at least one model.", nameof(quantized));
        if (quantized.Select(model => model.Name).Append(original.Name).GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"The name '{twice.Key}' stands there {twice.Count()} times, expected once.", nameof(quantized));

        QuantizationFigures first = await MeasureAsync(original, options, cancellationToken).ConfigureAwait(false);
        var figures = new List<QuantizationFigures>();
        foreach (QuantizationCandidate candidate in quantized) figures.Add(await MeasureAsync(candidate, options, cancellationToken).ConfigureAwait(false));
        return new QuantizationReport(first, figures, options);
    }

    private static async Task<QuantizationFigures> MeasureAsync(QuantizationCandidate candidate, QuantizationReportOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using CausalLanguageModel model = candidate.Load();
        IReadOnlyList<PerplexityAtLength> perplexity = new PerplexityEvaluator(model).EvaluateByLength(options.Text, options.Perplexity, cancellationToken: cancellationToken);
        var figures = new QuantizationFigures
        {
            Name = candidate.Name,
            WeightBytes = model.Parameters.All.Sum(parameter => parameter.Quantized?.ByteCount ?? (parameter.Value.numel() * parameter.Value.element_size())),
            Perplexity = perplexity,
        };
        if (options.Tasks.Count == 0) return figures;
        using var client = new LongContextChatClient(model, options.Tokenizer!);
        EvaluationReport report = await new EvaluationRunner(options.Run).RunAsync([client.ToEvaluationModel(candidate.Name)], options.Tasks, cancellationToken: cancellationToken).ConfigureAwait(false);
        return figures with { Tasks = [.. report.Tasks.Select(task => FiguresOf(task, report.Items))] };
    }

    private static QuantizationTaskFigures FiguresOf(TaskSummary task, IReadOnlyList<ItemResult> items)
    {
        IReadOnlyList<LengthMean> byLength = task.LengthMeans.Count > 0 ? task.LengthMeans :
        [
            .. items.Where(item => item.Task == task.Task && item.Length is not null && (item.Score is not null || (!task.LowerIsBetter && item.Status is ItemStatus.TooLong or ItemStatus.Failed)))
                .GroupBy(item => item.Length!.Value).Where(group => group.Any(item => item.Score is not null)).OrderBy(group => group.Key)
                .Select(group => new LengthMean(group.Key, group.Average(item => item.Score ?? 0))),
        ];
        int unscored = task.TooLong + task.Failed + task.NotAsked + task.NotMade + task.NotJudged;
        return new QuantizationTaskFigures(task.Task, task.LowerIsBetter, task.LowerIsBetter || task.Scored == 0 ? task.Mean : task.MeanOverAll, byLength) { Items = task.Scored + unscored, Unscored = unscored };
    }
}
