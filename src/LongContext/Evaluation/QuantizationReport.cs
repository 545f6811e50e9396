using System.Globalization;
using System.Text;

namespace LongContext.Evaluation;

/// <summary>What quantised models lost against the original: perplexity by context length, and scores in long tasks.</summary>
/// <remarks>A model may keep its perplexity at short lengths and lose it at long ones, where small errors of keys and values meet many of them: hence every length has its own verdict.</remarks>
public sealed class QuantizationReport
{
    /// <summary>A report of figures that were measured.</summary>
    /// <param name="original">The original's figures.</param>
    /// <param name="quantized">The quantised models', with the same lengths and tasks.</param>
    /// <param name="options">The limits.</param>
    /// <exception cref="ArgumentException">Figures of different lengths or tasks are compared, or an option cannot be used.</exception>
    public QuantizationReport(QuantizationFigures original, IReadOnlyList<QuantizationFigures> quantized, QuantizationReportOptions options)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(quantized);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(nameof(options));
        Original = original;
        Quantized = quantized;
        Losses = [.. quantized.SelectMany(model => LossesOf(model, options))];
    }

    /// <summary>The original.</summary>
    public QuantizationFigures Original { get; }

    /// <summary>The quantised models.</summary>
    public IReadOnlyList<QuantizationFigures> Quantized { get; }

    /// <summary>Every figure's loss, model by model.</summary>
    public IReadOnlyList<QuantizationLoss> Losses { get; }

    /// <summary>The verdict of a quantised model: its worst figure's.</summary>
    /// <param name="model">The model's name.</param>
    /// <exception cref="ArgumentException">There is no such model.</exception>
    public QuantizationVerdict VerdictOf(string model) =>
        Quantized.Any(figures => figures.Name == model)
            ? Losses.Where(loss => loss.Model == model).Select(loss => loss.Verdict).DefaultIfEmpty().Max()
            : throw new ArgumentException($"The report has no quantised model '{model}'.", nameof(model));

    /// <summary>Tables and verdicts as Markdown.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        QuantizationFigures[] all = [Original, .. Quantized];
        Line("## What quantising lost");
        Line();
        Row(["Model", "Weights, MB", "Verdict", "Worst"]);
        Row(["---", "---:", "---", "---"]);
        Row([Escaped(Original.Name), Number(Original.WeightBytes / 1e6, "0.0"), "original", ""]);
        foreach (QuantizationFigures model in Quantized)
            Row([Escaped(model.Name), Number(model.WeightBytes / 1e6, "0.0"), Named(VerdictOf(model.Name)), Worst(model.Name)]);

        Table("Perplexity by context length", "perplexity", Original.Perplexity.Select(row => (int?)row.Length), "0.000");
        foreach (QuantizationTaskFigures task in Original.Tasks)
        {
            Table(Escaped(task.Task) + (task.LowerIsBetter ? " (less is better)" : ""), task.Task, [null, .. all.SelectMany(model => model.Tasks).Where(figures => figures.Task == task.Task).SelectMany(figures => figures.ByLength).Select(row => row.Length).Distinct().Order().Select(length => (int?)length)], "0.000");
            string unscored = string.Join(", ", all.Select(model => (model.Name, Figures: model.Tasks.FirstOrDefault(figures => figures.Task == task.Task))).Where(of => of.Figures?.Unscored > 0)
                .Select(of => $"{Escaped(of.Name)} {Number(of.Figures!.Unscored, "0")} of {Number(of.Figures.Items, "0")}"));
            if (unscored.Length == 0) continue;
            Line();
            Line($"Items without a score ({(task.LowerIsBetter ? "left out" : "those that did not fit, failed or were not asked count as 0, those that could not be made or judged are left out")}): {unscored}.");
        }

        return text.ToString();

        void Table(string title, string measure, IEnumerable<int?> lengths, string format)
        {
            int?[] columns = [.. lengths];
            Line();
            Line($"### {title}");
            Line();
            Row(["Model", .. columns.Select(length => length is { } tokens ? tokens.ToString("N0", CultureInfo.InvariantCulture) : "all")]);
            Row(["---", .. columns.Select(_ => "---:")]);
            foreach (QuantizationFigures model in all)
            {
                Row([Escaped(model.Name), .. columns.Select(length => FigureOf(model, measure, length) is { } figure
                    ? Number(figure, format) + (model == Original || Losses.FirstOrDefault(loss => loss.Model == model.Name && loss.Measure == measure && loss.Length == length) is not { } loss ? "" : Change(loss))
                    : "–")]);
            }
        }

        void Row(IEnumerable<string> cells) => Line("| " + string.Join(" | ", cells) + " |");

        void Line(string line = "") => text.Append(line).Append('\n');
    }

    private string Worst(string model)
    {
        QuantizationLoss? worst = Losses.Where(loss => loss.Model == model).OrderByDescending(loss => loss.Verdict).ThenByDescending(loss => double.IsNaN(loss.Loss) ? double.MaxValue : loss.Loss).FirstOrDefault();
        return worst is null ? "" : $"{Escaped(worst.Measure)}{(worst.Length is { } length ? $" at {length.ToString("N0", CultureInfo.InvariantCulture)}" : "")}{Change(worst)}";
    }

    private static string Named(QuantizationVerdict verdict) => verdict == QuantizationVerdict.NotMeasured ? "not measured" : verdict.ToString().ToLowerInvariant();

    /// <summary>Empty where the original's figure is 0, of which there are no shares.</summary>
    private static string Change(QuantizationLoss loss) => loss.Verdict == QuantizationVerdict.NotMeasured ? " (not measured)" : loss.Original == 0 ? "" :
        $" ({Number(100 * ((loss.Quantized / loss.Original) - 1), "+0.0;−0.0;0.0")} %{(loss.Verdict == QuantizationVerdict.Kept ? "" : loss.Verdict == QuantizationVerdict.Collapsed ? ", collapsed" : ", degraded")})";

    private IEnumerable<QuantizationLoss> LossesOf(QuantizationFigures model, QuantizationReportOptions options)
    {
        foreach (PerplexityAtLength row in Original.Perplexity)
            yield return Compare("perplexity", row.Length, lowerIsBetter: true, row.Sum.Perplexity, options.DegradedPerplexity, options.CollapsedPerplexity);
        foreach (QuantizationTaskFigures task in Original.Tasks)
        {
            QuantizationTaskFigures own = model.Tasks.FirstOrDefault(figures => figures.Task == task.Task) ?? throw new ArgumentException($"'{model.Name}' has no {task.Task}, but '{Original.Name}' has.");
            if (task.Mean is { } mean && own.Mean is not null) yield return Compare(task.Task, null, task.LowerIsBetter, mean, options.DegradedScore, options.CollapsedScore);
            else yield return NotMeasured(task.Task, null, task.Mean, own.Mean);
            if (task.Mean is null || own.Mean is null) continue;
            foreach (LengthMean row in task.ByLength)
            {
                // A length of which one of the two has no score at all, because its items failed.
                if (own.Unscored > 0 && FigureOf(model, task.Task, row.Length) is null) yield return NotMeasured(task.Task, row.Length, row.Mean, null);
                else yield return Compare(task.Task, row.Length, task.LowerIsBetter, row.Mean, options.DegradedScore, options.CollapsedScore);
            }

            if (task.Unscored == 0) continue;
            foreach (LengthMean row in own.ByLength)
            {
                if (FigureOf(Original, task.Task, row.Length) is null) yield return NotMeasured(task.Task, row.Length, null, row.Mean);
            }
        }

        QuantizationLoss NotMeasured(string measure, int? length, double? original, double? figure) =>
            new(model.Name, measure, length, original ?? double.NaN, figure ?? double.NaN, double.NaN, QuantizationVerdict.NotMeasured);

        QuantizationLoss Compare(string measure, int? length, bool lowerIsBetter, double original, double degraded, double collapsed)
        {
            double figure = FigureOf(model, measure, length)
                ?? throw new ArgumentException($"'{model.Name}' has no {measure}{(length is { } tokens ? $" at {tokens} tokens" : "")}, but '{Original.Name}' has.");
            double loss = original == figure ? 0 : lowerIsBetter ? (figure / original) - 1 : original == 0 ? 0 : 1 - (figure / original);
            QuantizationVerdict verdict = !(loss <= collapsed) ? QuantizationVerdict.Collapsed : loss > degraded ? QuantizationVerdict.Degraded : QuantizationVerdict.Kept;
            return new(model.Name, measure, length, original, figure, loss, verdict);
        }
    }

    private static double? FigureOf(QuantizationFigures model, string measure, int? length)
    {
        if (measure == "perplexity" && length is not null && model.Perplexity.FirstOrDefault(row => row.Length == length) is { } perplexity) return perplexity.Sum.Perplexity;
        if (model.Tasks.FirstOrDefault(task => task.Task == measure) is not { } figures) return null;
        if (length is null) return figures.Mean;
        foreach (LengthMean row in figures.ByLength)
        {
            if (row.Length == length) return row.Mean;
        }

        return null;
    }

    private static string Number(double value, string format) =>
        double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : value.ToString(CultureInfo.InvariantCulture);

    private static string Escaped(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
