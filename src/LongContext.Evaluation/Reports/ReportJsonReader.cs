using System.Globalization;
using System.Text;
using System.Text.Json;
using LongContext.Data;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Reports;

/// <summary>Reads what <see cref="ReportJsonWriter"/> wrote, and trusts none of it.</summary>
internal static class ReportJsonReader
{
    public static EvaluationReport Read(TextReader reader, string file)
    {
        long number = 0;
        EvaluationReport? report = null;
        List<ItemResult> items = [];
        int promised = 0;
        while (NextLine(reader, file, number + 1) is { } line)
        {
            number++;
            if (line.Length == 0) throw new DataFormatException(file, number, "the line is empty, expected a JSON object.");
            using JsonDocument json = Parse(line, file, number);
            JsonFields fields = new(json.RootElement, file, number);
            if (report is null) report = Header(fields, out promised);
            else items.Add(Item(fields));
            fields.ExpectNoOthers();
        }

        if (report is null) throw new DataFormatException(file, null, "the file is empty, expected a report.");
        return items.Count == promised
            ? report with { Items = items }
            : throw new DataFormatException(file, null, string.Create(CultureInfo.InvariantCulture, $"the file has {items.Count} items, the first line says {promised}."));
    }

    private static string? NextLine(TextReader reader, string file, long number)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (DecoderFallbackException exception)
        {
            throw new DataFormatException(file, number, "the file is not UTF-8 here or a little further on.", exception);
        }
    }

    private static JsonDocument Parse(string line, string file, long number)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException exception)
        {
            throw new DataFormatException(file, number, "no JSON: " + exception.Message, exception);
        }
    }

    private static EvaluationReport Header(JsonFields fields, out int items)
    {
        string? format = fields.TextOrNull("format");
        if (format != ReportJsonWriter.Format)
            throw fields.Fault($"the field \"format\" is {(format is null ? "missing" : $"\"{format}\"")}, expected \"{ReportJsonWriter.Format}\": a report's first line.");
        if (fields.Whole("version", 1, int.MaxValue) is not ReportJsonWriter.Version)
            throw fields.Fault(string.Create(CultureInfo.InvariantCulture, $"the field \"version\" is missing or is later than {ReportJsonWriter.Version}, the one that this library reads."));
        items = fields.CountThere("items");
        string began = fields.Text("began");
        return new EvaluationReport
        {
            Title = fields.Text("title"),
            Began = DateTimeOffset.TryParseExact(began, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time)
                ? time
                : throw fields.Fault($"the field \"began\" is \"{began}\", expected a time such as 2026-01-31T12:00:00.0000000+00:00."),
            Currency = fields.TextOrNull("currency"),
            Items = [],
            Settings = [.. fields.Objects("settings").Select(setting => Whole(setting, KeyValuePair.Create(setting.Text("name"), setting.Text("value"))))],
            Tasks = [.. fields.Objects("tasks").Select(task => Whole(task, Task(task)))],
            Notes = fields.Texts("notes"),
            Sections = [.. fields.Objects("sections").Select(section => Whole(section, Section(section)))],
        };
    }

    private static TaskSummary Task(JsonFields fields) => new()
    {
        Model = fields.Text("model"),
        Strategy = fields.Text("strategy"),
        Task = fields.Text("task"),
        Scored = fields.CountThere("scored"),
        TooLong = fields.Count("tooLong"),
        Failed = fields.Count("failed"),
        NotAsked = fields.Count("notAsked"),
        NotMade = fields.Count("notMade"),
        NotJudged = fields.Count("notJudged"),
        CutByLength = fields.Count("cutByLength"),
        EmptyAnswers = fields.Count("emptyAnswers"),
        Mean = fields.Number("mean"),
        Interval = fields.ObjectOrNull("interval") is { } interval
            ? Whole(interval, new ConfidenceInterval(There(interval, "low"), There(interval, "high"), There(interval, "level")))
            : null,
        Figures = [.. fields.Objects("figures").Select(figure => Whole(figure, new TaskFigure(figure.Text("name"), figure.Number("value"))))],
        LowerIsBetter = fields.Flag("lowerIsBetter"),
        LengthMeans = [.. fields.Objects("lengthMeans").Select(mean => Whole(mean, new LengthMean(mean.CountThere("length"), There(mean, "mean"))))],
        Deviations = fields.Texts("deviations"),
        UsesStrategies = !fields.Flag("withoutStrategies"),
        InputTokens = fields.LongCount("inputTokens"),
        OutputTokens = fields.LongCount("outputTokens"),
        Duration = fields.Seconds("seconds"),
        Cost = fields.Decimal("cost"),
    };

    private static ReportSection Section(JsonFields fields)
    {
        ReportSection section = new()
        {
            Title = fields.Text("title"),
            Remark = fields.TextOrNull("remark"),
            Columns = fields.Texts("columns"),
            NameColumns = fields.CountThere("nameColumns"),
            Rows = [.. fields.Objects("rows").Select(row => Whole(row, row.Texts("cells")))],
        };
        return section.Rows.FirstOrDefault(row => row.Count != section.Columns.Count) is { } bad
            ? throw fields.Fault(string.Create(CultureInfo.InvariantCulture, $"the section \"{section.Title}\" has a row of {bad.Count} cells, expected {section.Columns.Count}, one for each column."))
            : section;
    }

    private static ItemResult Item(JsonFields fields)
    {
        ItemResult item = new()
        {
            Model = fields.Text("model"),
            Strategy = fields.Text("strategy"),
            Task = fields.Text("task"),
            Item = fields.Text("item"),
            Status = fields.OneOf<ItemStatus>("status"),
            Score = fields.Number("score"),
            Group = fields.TextOrNull("group"),
            Length = (int?)fields.Whole("length", 0, int.MaxValue),
            Depth = fields.Number("depth"),
            References = fields.Texts("references"),
            Prompt = fields.TextOrNull("prompt"),
            PromptCharacters = (int?)fields.Whole("promptCharacters", 0, int.MaxValue),
            Answer = fields.TextOrNull("answer"),
            FinishReason = fields.TextOrNull("finishReason"),
            OnlyReasoning = fields.Flag("onlyReasoning"),
            Judged = fields.TextOrNull("judged"),
            Fault = fields.TextOrNull("fault"),
            Requests = fields.Count("requests"),
            Truncated = fields.Flag("truncated"),
            InputTokens = fields.LongCount("inputTokens"),
            OutputTokens = fields.LongCount("outputTokens"),
            Duration = fields.Seconds("seconds"),
            Cost = fields.Decimal("cost"),
        };
        if (fields.ObjectOrNull("details") is { } details) item = item with { Details = details.AllNumbers() };
        if (fields.ObjectOrNull("properties") is { } properties) item = item with { Properties = properties.AllTexts() };
        if (item.Status == ItemStatus.Scored == item.Score is null)
            throw fields.Fault($"the field \"score\" is {(item.Score is null ? "missing" : "there")} though the field \"status\" is \"{item.Status}\".");
        return item;
    }

    private static double There(JsonFields fields, string name) => fields.Number(name) ?? throw fields.Missing(name, "a number");

    private static T Whole<T>(JsonFields fields, T read)
    {
        fields.ExpectNoOthers();
        return read;
    }
}
