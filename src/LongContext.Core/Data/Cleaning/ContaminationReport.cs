using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LongContext.Checkpoints;

namespace LongContext.Data.Cleaning;

/// <summary>What decontamination removed and why, and which evaluations stand in the training data.</summary>
public sealed record ContaminationReport
{
    private static readonly JsonWriterOptions Plain = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Documents cleaned.</summary>
    public required long Documents { get; init; }

    /// <summary>Of these, those with something of an evaluation in them.</summary>
    public required long Contaminated { get; init; }

    /// <summary>Documents by what became of them.</summary>
    public required IReadOnlyDictionary<DecontaminationOutcome, long> Outcomes { get; init; }

    /// <summary>Pieces that are left of the documents cut.</summary>
    public required long Pieces { get; init; }

    /// <summary>Characters (UTF-16 units) of documents and parts of them that were removed.</summary>
    public required long RemovedCharacters { get; init; }

    /// <summary>Passages found.</summary>
    public required long PassageCount { get; init; }

    /// <summary>The first of them, as many as <see cref="DecontaminationOptions.ReportedPassages"/> asks for.</summary>
    public required IReadOnlyList<ContaminatedPassage> Passages { get; init; }

    /// <summary>The evaluations, in the order they came into the index.</summary>
    public required IReadOnlyList<EvaluationSetContamination> Sets { get; init; }

    /// <summary>The instances found, in the order they came into the index.</summary>
    public required IReadOnlyList<ContaminatedInstance> Instances { get; init; }

    /// <summary>N-grams of the index that were not looked for, because too many documents have them.</summary>
    public required int IgnoredNGrams { get; init; }

    /// <summary>Counts, the table of evaluations, and the first passages.</summary>
    /// <param name="passages">How many passages to list. Default 10.</param>
    public string ToText(int passages = 10)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Documents:N0} documents, {Contaminated:N0} contaminated: {string.Join(", ", Outcomes.Where(outcome => outcome.Key != DecontaminationOutcome.Clean && outcome.Value > 0).Select(outcome => string.Create(CultureInfo.InvariantCulture, $"{outcome.Value:N0} {outcome.Key}")))}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{RemovedCharacters:N0} characters removed, {Pieces:N0} pieces left of documents cut, {PassageCount:N0} passages found, {IgnoredNGrams:N0} n-grams ignored as too frequent");
        int width = Math.Max(10, Sets.Select(set => set.Set.Length).DefaultIfEmpty().Max());
        text.AppendLine(CultureInfo.InvariantCulture, $"{"Evaluation".PadRight(width)} {"instances",10} {"too short",10} {"found",10} {"share",7}");
        foreach (EvaluationSetContamination set in Sets)
            text.AppendLine(CultureInfo.InvariantCulture, $"{set.Set.PadRight(width)} {set.Instances,10:N0} {set.TooShort,10:N0} {set.Found,10:N0} {100 * set.FoundShare,5:0.0} %");
        foreach (ContaminatedPassage passage in Passages.Take(passages))
            text.AppendLine(CultureInfo.InvariantCulture, $"  {Name(passage)}, character {passage.Start}: {passage.Set} {passage.Instance}, {passage.NGrams} n-grams from \"{passage.NGram}\" ({passage.Outcome})");
        return text.ToString();
    }

    /// <summary>Writes the report as JSON lines: one with the counts, then one for each evaluation, each instance found and each passage kept.</summary>
    /// <param name="path">The file to make or replace; it takes its place once it is whole, and its folder must exist.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => AtomicFile.Write(path, stream =>
    {
        Line(stream, "summary", json =>
        {
            json.WriteNumber("documents", Documents);
            json.WriteNumber("contaminated", Contaminated);
            json.WriteStartObject("outcomes");
            foreach ((DecontaminationOutcome outcome, long count) in Outcomes) json.WriteNumber(outcome.ToString(), count);
            json.WriteEndObject();
            json.WriteNumber("pieces", Pieces);
            json.WriteNumber("removedCharacters", RemovedCharacters);
            json.WriteNumber("passages", PassageCount);
            json.WriteNumber("ignoredNGrams", IgnoredNGrams);
        });
        foreach (EvaluationSetContamination set in Sets)
        {
            Line(stream, "set", json =>
            {
                json.WriteString("set", set.Set);
                json.WriteNumber("instances", set.Instances);
                json.WriteNumber("tooShort", set.TooShort);
                json.WriteNumber("found", set.Found);
                json.WriteNumber("ngrams", set.NGrams);
                json.WriteNumber("foundNGrams", set.FoundNGrams);
            });
        }

        foreach (ContaminatedInstance instance in Instances)
        {
            Line(stream, "instance", json =>
            {
                json.WriteString("set", instance.Set);
                json.WriteString("instance", instance.Instance);
                json.WriteNumber("ngrams", instance.NGrams);
                json.WriteNumber("foundNGrams", instance.FoundNGrams);
            });
        }

        foreach (ContaminatedPassage passage in Passages)
        {
            Line(stream, "passage", json =>
            {
                if (passage.Origin is { } origin)
                {
                    json.WriteString("path", origin.Path);
                    json.WriteNumber("number", origin.Number);
                }

                json.WriteNumber("document", passage.Document);
                json.WriteNumber("start", passage.Start);
                json.WriteNumber("length", passage.Length);
                json.WriteString("set", passage.Set);
                json.WriteString("instance", passage.Instance);
                json.WriteString("ngram", passage.NGram);
                json.WriteNumber("ngrams", passage.NGrams);
                json.WriteString("outcome", passage.Outcome.ToString());
            });
        }
    });

    private static void Line(Stream stream, string kind, Action<Utf8JsonWriter> write)
    {
        using (Utf8JsonWriter json = new(stream, Plain))
        {
            json.WriteStartObject();
            json.WriteString("kind", kind);
            write(json);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
    }

    private static string Name(ContaminatedPassage passage) => passage.Origin?.ToString() ?? string.Create(CultureInfo.InvariantCulture, $"document {passage.Document}");
}
