using System.Globalization;

namespace LongContext.Evaluation.Reports;

/// <summary>A report as lines of JSON: the first has title, settings and summaries, each further one an item.</summary>
/// <remarks>
/// Nothing is lost: doubles come back the same, those that JSON has no number for are "NaN", "Infinity" and "-Infinity"; times are seconds with all seven
/// places; decimals keep their zeros; halves of surrogate pairs, which UTF-8 cannot hold, are escapes. What has its default value is left out.
/// </remarks>
internal static class ReportJsonWriter
{
    public const string Format = "longcontext-evaluation";
    public const int Version = 1;

    public static void Write(EvaluationReport report, TextWriter writer)
    {
        JsonLine json = new(writer);
        json.Object(null, () => Header(json, report));
        json.End();
        foreach (ItemResult item in report.Items)
        {
            json.Object(null, () => Item(json, item));
            json.End();
        }
    }

    private static void Header(JsonLine json, EvaluationReport report)
    {
        json.Text("format", Format);
        json.Whole("version", Version);
        json.Text("title", report.Title);
        json.Text("began", report.Began.ToString("O", CultureInfo.InvariantCulture));
        json.Text("currency", report.Currency);
        json.Whole("items", report.Items.Count);
        json.Array("settings", report.Settings, setting => json.Object(null, () =>
        {
            json.Text("name", setting.Key);
            json.Text("value", setting.Value);
        }));
        json.Array("tasks", report.Tasks, task => json.Object(null, () => Task(json, task)));
        if (report.Notes.Count > 0) json.Array("notes", report.Notes, note => json.Text(null, note));
        if (report.Sections.Count > 0) json.Array("sections", report.Sections, section => json.Object(null, () => Section(json, section)));
    }

    private static void Task(JsonLine json, TaskSummary task)
    {
        json.Text("model", task.Model);
        json.Text("strategy", task.Strategy);
        json.Text("task", task.Task);
        json.Whole("scored", task.Scored);
        json.Count("tooLong", task.TooLong);
        json.Count("failed", task.Failed);
        json.Count("notAsked", task.NotAsked);
        json.Count("notMade", task.NotMade);
        json.Count("notJudged", task.NotJudged);
        json.Count("cutByLength", task.CutByLength);
        json.Count("emptyAnswers", task.EmptyAnswers);
        json.Number("mean", task.Mean);
        if (task.Interval is { } interval)
        {
            json.Object("interval", () =>
            {
                json.Number("low", interval.Low);
                json.Number("high", interval.High);
                json.Number("level", interval.Level);
            });
        }

        if (task.Figures.Count > 0)
        {
            json.Array("figures", task.Figures, figure => json.Object(null, () =>
            {
                json.Text("name", figure.Name);
                json.Number("value", figure.Value);
            }));
        }

        json.True("lowerIsBetter", task.LowerIsBetter);
        if (task.LengthMeans.Count > 0)
        {
            json.Array("lengthMeans", task.LengthMeans, mean => json.Object(null, () =>
            {
                json.Whole("length", mean.Length);
                json.Number("mean", mean.Mean);
            }));
        }

        if (task.Deviations.Count > 0) json.Array("deviations", task.Deviations, deviation => json.Text(null, deviation));
        json.True("withoutStrategies", !task.UsesStrategies);
        Spent(json, task.InputTokens, task.OutputTokens, task.Duration, task.Cost);
    }

    private static void Section(JsonLine json, ReportSection section)
    {
        json.Text("title", section.Title);
        json.Text("remark", section.Remark);
        json.Array("columns", section.Columns, column => json.Text(null, column));
        json.Whole("nameColumns", section.NameColumns);
        json.Array("rows", section.Rows, row => json.Object(null, () => json.Array("cells", row, cell => json.Text(null, cell))));
    }

    private static void Item(JsonLine json, ItemResult item)
    {
        json.Text("model", item.Model);
        json.Text("strategy", item.Strategy);
        json.Text("task", item.Task);
        json.Text("item", item.Item);
        json.Text("status", item.Status.ToString());
        json.Number("score", item.Score);
        if (item.Details.Count > 0)
        {
            json.Object("details", () =>
            {
                foreach ((string name, double value) in item.Details) json.Number(name, value);
            });
        }

        json.Text("group", item.Group);
        json.Whole("length", item.Length);
        json.Number("depth", item.Depth);
        if (item.Properties.Count > 0)
        {
            json.Object("properties", () =>
            {
                foreach ((string name, string value) in item.Properties) json.Text(name, value);
            });
        }

        if (item.References.Count > 0) json.Array("references", item.References, reference => json.Text(null, reference));
        json.Text("prompt", item.Prompt);
        json.Whole("promptCharacters", item.PromptCharacters);
        json.Text("answer", item.Answer);
        json.Text("finishReason", item.FinishReason);
        json.True("onlyReasoning", item.OnlyReasoning);
        json.Text("judged", item.Judged);
        json.Text("fault", item.Fault);
        json.Count("requests", item.Requests);
        json.True("truncated", item.Truncated);
        Spent(json, item.InputTokens, item.OutputTokens, item.Duration, item.Cost);
    }

    private static void Spent(JsonLine json, long inputTokens, long outputTokens, TimeSpan duration, decimal? cost)
    {
        json.Count("inputTokens", inputTokens);
        json.Count("outputTokens", outputTokens);
        // Ticks divide exactly in decimals.
        if (duration != TimeSpan.Zero) json.Number("seconds", (decimal)duration.Ticks / TimeSpan.TicksPerSecond);
        json.Number("cost", cost);
    }
}
