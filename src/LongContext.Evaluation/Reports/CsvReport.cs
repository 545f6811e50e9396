using System.Buffers;
using System.Globalization;

namespace LongContext.Evaluation.Reports;

/// <summary>A report's items or summaries as a table of comma-separated values (RFC 4180), for spreadsheets and data frames.</summary>
/// <remarks>
/// Text that a spreadsheet would take for a formula gets an apostrophe in front: what a model answers must not run on the reader's machine. Numbers are
/// unquoted and exact. Control characters but tabs and line ends are replaced. The way without loss is JSON lines.
/// </remarks>
internal sealed class CsvReport(TextWriter writer)
{
    private static readonly SearchValues<char> ToQuote = SearchValues.Create("\",\r\n\t ;'");
    private bool follows;

    public static void WriteSummaries(EvaluationReport report, TextWriter writer)
    {
        string[] figures = [.. report.Tasks.SelectMany(task => task.Figures).Select(figure => figure.Name).Distinct(StringComparer.Ordinal)];
        CsvReport csv = new(writer);
        csv.Names("model", "strategy", "task", "scored", "too_long", "failed", "not_asked", "mean", "interval_low", "interval_high", "interval_level", "lower_is_better", "input_tokens", "output_tokens", "seconds", "cost", "deviations", "not_made", "not_judged", "cut_by_length", "empty");
        csv.Further("figure", figures);
        foreach (TaskSummary task in report.Tasks)
        {
            csv.Texts(task.Model, task.Strategy, task.Task);
            csv.Numbers(task.Scored, task.TooLong, task.Failed, task.NotAsked);
            csv.Doubles(task.Mean, task.Interval?.Low, task.Interval?.High, task.Interval?.Level);
            csv.Flag(task.LowerIsBetter);
            csv.Numbers(task.InputTokens, task.OutputTokens);
            csv.Decimals((decimal)task.Duration.Ticks / TimeSpan.TicksPerSecond, task.Cost);
            csv.Texts(string.Join("; ", task.Deviations));
            csv.Numbers(task.NotMade, task.NotJudged, task.CutByLength, task.EmptyAnswers);
            // A task may name two figures alike; the first is the table's.
            foreach (string name in figures) csv.Doubles(task.Figures.FirstOrDefault(figure => figure.Name == name)?.Value);
            csv.End();
        }
    }

    public static void WriteItems(EvaluationReport report, TextWriter writer)
    {
        string[] details = [.. report.Items.SelectMany(item => item.Details.Keys).Distinct(StringComparer.Ordinal)];
        string[] properties = [.. report.Items.SelectMany(item => item.Properties.Keys).Distinct(StringComparer.Ordinal)];
        CsvReport csv = new(writer);
        csv.Names("model", "strategy", "task", "item", "status", "score", "group", "length", "depth", "requests", "truncated", "input_tokens", "output_tokens", "seconds", "cost", "answer", "judged", "references", "fault", "prompt_characters", "finish_reason");
        csv.Further("detail", details, end: false);
        csv.Further("property", properties);
        foreach (ItemResult item in report.Items)
        {
            csv.Texts(item.Model, item.Strategy, item.Task, item.Item, item.Status.ToString());
            csv.Doubles(item.Score);
            csv.Texts(item.Group);
            csv.Numbers(item.Length);
            csv.Doubles(item.Depth);
            csv.Numbers(item.Requests);
            csv.Flag(item.Truncated);
            csv.Numbers(item.InputTokens, item.OutputTokens);
            csv.Decimals((decimal)item.Duration.Ticks / TimeSpan.TicksPerSecond, item.Cost);
            csv.Texts(item.Answer, item.Judged);
            csv.References(item.References);
            csv.Texts(item.Fault);
            csv.Numbers(item.PromptCharacters);
            csv.Texts(item.FinishReason);
            foreach (string name in details) csv.Doubles(item.Details.TryGetValue(name, out double value) ? value : null);
            foreach (string name in properties) csv.Texts(item.Properties.GetValueOrDefault(name));
            csv.End();
        }
    }

    private void Names(params ReadOnlySpan<string> names) => Texts(names);

    private void Further(string kind, string[] names, bool end = true)
    {
        foreach (string name in names) Text($"{kind}.{name}");
        if (end) End();
    }

    private void Texts(params ReadOnlySpan<string?> texts)
    {
        foreach (string? text in texts) Text(text);
    }

    private void Numbers(params ReadOnlySpan<long?> numbers)
    {
        foreach (long? number in numbers) Raw(number?.ToString(CultureInfo.InvariantCulture));
    }

    private void Decimals(params ReadOnlySpan<decimal?> numbers)
    {
        foreach (decimal? number in numbers) Raw(number?.ToString(CultureInfo.InvariantCulture));
    }

    private void Doubles(params ReadOnlySpan<double?> numbers)
    {
        foreach (double? number in numbers) Raw(number?.ToString("R", CultureInfo.InvariantCulture));
    }

    private void Flag(bool value) => Raw(value ? "true" : "false");

    /// <summary>A list in one cell, as a JSON array; nothing at all where there is none.</summary>
    private void References(IReadOnlyList<string> references)
    {
        if (references.Count == 0)
        {
            Raw(null);
            return;
        }

        using StringWriter text = new(CultureInfo.InvariantCulture);
        JsonLine json = new(text);
        json.Array(null, references, reference => json.Text(null, reference));
        Text(text.ToString());
    }

    private void Raw(string? text)
    {
        if (follows) writer.Write(',');
        follows = true;
        writer.Write(text);
    }

    private void Text(string? text)
    {
        Raw(null);
        if (string.IsNullOrEmpty(text)) return;
        text = ReportText.WithoutControls(text, keepLines: true);
        // Also the wide forms, which some spreadsheets take for the plain ones.
        bool formula = text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20';
        if (!formula && !text.AsSpan().ContainsAny(ToQuote))
        {
            writer.Write(text);
            return;
        }

        writer.Write(formula ? "\"'" : "\"");
        writer.Write(text.Replace("\"", "\"\"", StringComparison.Ordinal));
        writer.Write('"');
    }

    private void End()
    {
        writer.Write("\r\n");
        follows = false;
    }
}
