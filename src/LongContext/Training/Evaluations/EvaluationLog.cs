using System.Text.Json;

namespace LongContext.Training.Evaluations;

/// <summary>
/// evaluations.jsonl beside a run's checkpoints: a line for each evaluation, appended. A run that goes back or is resumed writes a step's
/// line again; the last one counts.
/// </summary>
internal static class EvaluationLog
{
    public const string FileName = "evaluations.jsonl";

    public static void Append(string folder, IEnumerable<EvaluationOutcome> outcomes, DateTimeOffset time)
    {
        Directory.CreateDirectory(folder);
        using var stream = new FileStream(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        var lines = new MemoryStream();
        // A process that died while it wrote left a line without its end; what comes now shall be a line of its own.
        if (stream.Length > 0)
        {
            stream.Position = stream.Length - 1;
            if (stream.ReadByte() != '\n') lines.WriteByte((byte)'\n');
        }

        foreach (EvaluationOutcome outcome in outcomes) Write(lines, outcome, time);
        stream.Position = stream.Length;
        stream.Write(lines.ToArray());
        stream.Flush(flushToDisk: true);
    }

    /// <summary>What the log says of a step, the last of each name; nothing where it does not know the step. A line that was cut off is passed over.</summary>
    public static IReadOnlyList<EvaluationOutcome> Read(string folder, int step)
    {
        string path = Path.Combine(folder, FileName);
        var found = new OrderedDictionary<string, EvaluationOutcome>(StringComparer.Ordinal);
        if (!File.Exists(path)) return [];
        foreach (string line in File.ReadLines(path))
        {
            if (Parse(line) is { } outcome && outcome.Step == step) found[outcome.Name] = outcome;
        }

        return [.. found.Values];
    }

    private static EvaluationOutcome? Parse(string line)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement root = json.RootElement, primary = root.GetProperty("primary");
            var result = new EvaluationResult
            {
                Values = [.. root.GetProperty("values").EnumerateObject().Select(value => KeyValuePair.Create(value.Name, ReadNumber(value.Value)))],
                Primary = primary.ValueKind == JsonValueKind.Null ? null : ReadNumber(primary),
            };
            return new EvaluationOutcome(root.GetProperty("evaluation").GetString()!, root.GetProperty("step").GetInt32(), result, TimeSpan.FromSeconds(root.GetProperty("seconds").GetDouble()));
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static double ReadNumber(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? double.Parse(value.GetString()!, System.Globalization.CultureInfo.InvariantCulture) : value.GetDouble();

    private static void Write(MemoryStream lines, EvaluationOutcome outcome, DateTimeOffset time)
    {
        using (var json = new Utf8JsonWriter(lines))
        {
            json.WriteStartObject();
            json.WriteNumber("step", outcome.Step);
            json.WriteString("evaluation", outcome.Name);
            json.WriteString("time", time.UtcDateTime);
            json.WriteNumber("seconds", outcome.Duration.TotalSeconds);
            json.WritePropertyName("primary");
            WriteNumber(json, outcome.Result.Primary);
            json.WriteStartObject("values");
            foreach ((string name, double value) in outcome.Result.Values)
            {
                json.WritePropertyName(name);
                WriteNumber(json, value);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        lines.WriteByte((byte)'\n');
    }

    /// <summary>JSON has no NaN and no infinity: they are written as the strings that readers of numbers know.</summary>
    private static void WriteNumber(Utf8JsonWriter json, double? value)
    {
        if (value is not { } given) json.WriteNullValue();
        else if (double.IsFinite(given)) json.WriteNumberValue(given);
        else json.WriteStringValue(double.IsNaN(given) ? "NaN" : given > 0 ? "Infinity" : "-Infinity");
    }
}
