using System.Globalization;
using System.Text.Json;
using LongContext.Data;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>Reads LongAlign's few_shots.json: an array of arrays of answers with their scores.</summary>
internal static class LongBenchChatExamples
{
    /// <exception cref="DataFormatException">The file has another form; the message says where.</exception>
    public static IReadOnlyList<IReadOnlyList<RatedAnswer>> Load(string path)
    {
        using FileStream file = File.OpenRead(path);
        try
        {
            using JsonDocument json = JsonDocument.Parse(file);
            return [.. Elements(json.RootElement, path, "the file").Select((rated, index) => Case(rated, path, FormattableString.Invariant($"[{index}]")))];
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Half of a surrogate pair is an InvalidOperationException.
            throw new DataFormatException(path, null, fault.Message, fault);
        }
    }

    private static IReadOnlyList<RatedAnswer> Case(JsonElement rated, string path, string where) =>
        [.. Elements(rated, path, where).Select((one, index) => Rated(one, path, FormattableString.Invariant($"{where}[{index}]")))];

    private static RatedAnswer Rated(JsonElement one, string path, string where)
    {
        if (one.ValueKind != JsonValueKind.Object) throw new DataFormatException(path, null, $"{where} is {Kind(one)}, expected an object with answer and score.");
        if (!one.TryGetProperty("answer", out JsonElement answer) || answer.ValueKind != JsonValueKind.String)
            throw new DataFormatException(path, null, $"{where}.answer is {Kind(answer)}, expected text.");
        one.TryGetProperty("score", out JsonElement score);
        double rating = score.ValueKind switch
        {
            JsonValueKind.Number => score.GetDouble(),
            JsonValueKind.String when double.TryParse(score.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) => number,
            _ => throw new DataFormatException(path, null, $"{where}.score is {Kind(score)}, expected a number."),
        };
        return new RatedAnswer(answer.GetString()!, rating);
    }

    private static JsonElement.ArrayEnumerator Elements(JsonElement element, string path, string where) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : throw new DataFormatException(path, null, $"{where} is {Kind(element)}, expected an array.");

    private static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Undefined => "missing",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        _ => element.GetRawText(),
    };
}
