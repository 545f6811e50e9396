using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data.Examples;
using LongContext.Data.Reading;

namespace LongContext.Data.Cleaning;

/// <summary>Evaluation sets in files: each file a set, each record an instance.</summary>
internal sealed class EvaluationFiles
{
    private readonly DataFileList files;
    private readonly IReadOnlyList<string> fields;
    private readonly Dictionary<string, string> sets = new(StringComparer.Ordinal);
    private readonly RecordSourceOptions options;

    public EvaluationFiles(IReadOnlyList<string> patterns, IReadOnlyList<string> fields, RecordSourceOptions? options)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        ArgumentNullException.ThrowIfNull(fields);
        if (fields.Count == 0 || fields.Any(string.IsNullOrEmpty))
            throw new ArgumentException("Expected the names of the fields that hold an evaluation's texts, at least one and none of them empty.", nameof(fields));
        this.fields = fields;
        this.options = options ?? new RecordSourceOptions();
        this.options.Validate();
        files = new DataFileList(DataFiles.Find(patterns));
        for (int i = 0; i < files.Count; i++) sets.Add(files.Paths[i], RecordFormats.WithoutExtension(files.Name(i)));
    }

    /// <summary>All texts, file by file.</summary>
    /// <exception cref="DataFormatException">A bad line that is not to be passed: none of the fields is in it, for example.</exception>
    public IEnumerable<EvaluationText> Read(CancellationToken cancellationToken)
    {
        using RecordSource<List<EvaluationText>> source = new(files, Texts, "evaluation texts", options);
        while (source.Next(cancellationToken) is { } texts)
        {
            foreach (EvaluationText text in texts) yield return text;
        }
    }

    private List<EvaluationText> Texts(DataRecord record)
    {
        List<EvaluationText> texts = [];
        bool any = false;
        foreach (string field in fields)
        {
            if (!RecordFields.TryFind(record.Fields, field, out JsonNode? value)) continue;
            any = true;
            Collect(record, value, $"the field \"{field}\"", texts);
        }

        return any ? texts
            : throw new DataFormatException($"there is no field {string.Join(" or ", fields.Select(field => $"\"{field}\""))}, expected an evaluation's texts; found {RecordFields.Names(record.Fields)}.");
    }

    private void Collect(DataRecord record, JsonNode? node, string what, List<EvaluationText> texts)
    {
        if (node is JsonArray array)
        {
            foreach (JsonNode? element in array) Collect(record, element, what, texts);
        }
        else if (node is JsonObject nested)
        {
            foreach (KeyValuePair<string, JsonNode?> part in nested) Collect(record, part.Value, what, texts);
        }
        else if (node?.GetValueKind() == JsonValueKind.String)
        {
            texts.Add(new EvaluationText(sets[record.Origin.Path], $"{record.Origin.Unit} {record.Origin.Number}", RecordFields.Text(node, what)));
        }
    }
}
