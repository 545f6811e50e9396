using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data.Reading;

namespace LongContext.Data;

/// <summary>Reads text documents from a file: the simple face of <see cref="RecordSource"/>.</summary>
public static class TextDocuments
{
    /// <summary>
    /// Reads the documents of a file: of .jsonl, .ndjson and .json-lines one per line, of the other forms that <see cref="RecordSource"/> knows
    /// one per record, of any other file the whole text as one. The file may be compressed with gzip or zstd.
    /// </summary>
    /// <param name="path">The file, in UTF-8 (a byte order mark is skipped).</param>
    /// <param name="field">The field of each record that holds the text. Default: text. Blank lines are skipped.</param>
    /// <returns>The documents in the file's order, none of them empty, read as they are asked for.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DataFormatException">
    /// While reading: a line that is no JSON object with that field as non-empty text, bytes that are not UTF-8, or a file without
    /// a document.
    /// </exception>
    public static IEnumerable<string> Read(string path, string field = "text")
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(field);
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no data file {path}.", path);
        return Documents(path, field);
    }

    private static IEnumerable<string> Documents(string path, string field)
    {
        using RecordSource<string> source = new(new DataFileList([path]), record => Text(record, field), field, new RecordSourceOptions());
        if (source.Next() is not { } first) throw new DataFormatException(path, null, "the data set is empty, there is no document in it.");
        yield return first;
        while (source.Next() is { } text) yield return text;
    }

    private static string Text(DataRecord record, string field)
    {
        if (record.Origin.Unit == PlainText.WholeFile) field = PlainText.Field;
        if (!record.Fields.TryGetPropertyValue(field, out JsonNode? value))
        {
            string names = string.Join(", ", record.Fields.Take(8).Select(property => $"\"{property.Key}\""));
            throw Fault($"there is no field \"{field}\"; found {(names.Length == 0 ? "an object without fields" : names)}.");
        }

        JsonValueKind kind = value?.GetValueKind() ?? JsonValueKind.Null;
        if (kind != JsonValueKind.String) throw Fault($"the field \"{field}\" is {JsonRecords.Describe(kind)}, expected a string.");
        string text = value!.GetValue<string>();
        return text.Length > 0 ? text : throw Fault($"the field \"{field}\" is empty, expected text.");

        DataFormatException Fault(string fault) => new(record.Origin.Path, record.Origin.Number, fault, unit: record.Origin.Unit);
    }
}
