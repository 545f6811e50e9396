using System.Globalization;
using LongContext.Evaluation.Runs;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Reports;

/// <summary>What a search for the effective length has found, as a report.</summary>
internal static class EffectiveContextReport
{
    public static EvaluationReport Of(EffectiveContextResult result, string title) => new()
    {
        Title = title,
        Began = result.Began,
        Items = result.Items,
        Tasks = [.. result.Items.GroupBy(item => (item.Strategy, item.Task)).Select(group => Summary([.. group], result.ConfidenceLevel))],
        Sections = [Found(result), Measured(result)],
        Settings =
        [
            new("model", result.Model),
            new("threshold", Text(result.Threshold, "0.###")),
            new("confidence level", Text(result.ConfidenceLevel, "0.###")),
        ],
        Notes = [.. result.Notes, .. AnswerNotes.Of(result.Items)],
    };

    private static TaskSummary Summary(ItemResult[] items, double level)
    {
        ItemResult[] scored = [.. items.Where(item => item.Status == ItemStatus.Scored)];
        return new TaskSummary
        {
            Model = items[0].Model,
            Strategy = items[0].Strategy,
            Task = items[0].Task,
            Scored = scored.Length,
            TooLong = items.Count(item => item.Status == ItemStatus.TooLong),
            Failed = items.Count(item => item.Status == ItemStatus.Failed),
            NotJudged = items.Count(item => item.Status == ItemStatus.NotJudged),
            CutByLength = scored.Count(item => item.IsCutByLength),
            EmptyAnswers = scored.Count(item => item.IsEmpty),
            Mean = scored.Length == 0 ? null : scored.Average(item => item.Score!.Value),
            Interval = ConfidenceIntervals.OfMean([.. scored.Select(item => item.Score!.Value)], level),
            Figures = LengthFigures.Of(scored),
            InputTokens = items.Sum(item => item.InputTokens),
            OutputTokens = items.Sum(item => item.OutputTokens),
            Duration = items.Aggregate(TimeSpan.Zero, (sum, item) => sum + item.Duration),
            Cost = items.Any(item => item.Cost is null) ? null : items.Sum(item => item.Cost!.Value),
        };
    }

    private static ReportSection Found(EffectiveContextResult result) => new()
    {
        Title = "Effective length",
        Remark = string.Create(CultureInfo.InvariantCulture,
            $"The longest length at which the mean reaches {ReportNumbers.Score(result.Threshold, true)} of 100, and between which lengths the model truly falls below that, with {100 * result.ConfidenceLevel:0.#} % confidence if it does not recover at longer ones. The mean over all items below is of no length: how many were asked at each depends on what was found."),
        Columns = ["Task", "Length", "At least", "Less than", "Mean there", "Recovers at"],
        NameColumns = 1,
        Rows = [.. Each(result).Select(IReadOnlyList<string> (found) =>
        [
            found.Task, Tokens(found.Length), Tokens(found.Lower), Tokens(found.Upper), ReportNumbers.Score(found.Score, true),
            found.Recoveries.Count == 0 ? ReportNumbers.None : string.Join(", ", found.Recoveries.Select(length => Tokens(length))),
        ])],
    };

    private static ReportSection Measured(EffectiveContextResult result) => new()
    {
        Title = "Lengths measured",
        Remark = "Every length that was asked at, with the mean of its items and what they say about the threshold.",
        Columns = ["Task", "Length", "Items", "Failed", "Mean", "Interval", "Verdict"],
        NameColumns = 1,
        Rows = [.. Each(result).SelectMany(found => found.Curve.OrderBy(point => point.Length).Select(IReadOnlyList<string> (point) =>
        [
            found.Task, Tokens(point.Length), ReportNumbers.Count(point.Items), ReportNumbers.Count(point.Failed), point.Items == 0 ? ReportNumbers.None : ReportNumbers.Score(point.Mean, true),
            ReportNumbers.Interval(point.Interval, true), point.Verdict switch { LengthVerdict.Above => "above", LengthVerdict.Below => "below", _ => "not sure" },
        ]))],
    };

    private static IEnumerable<EffectiveLength> Each(EffectiveContextResult result) => result.Tasks.Count > 1 ? [.. result.Tasks, result.Average] : result.Tasks;

    private static string Tokens(int? length) => length is { } tokens ? ReportNumbers.Count(tokens) : ReportNumbers.None;

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
