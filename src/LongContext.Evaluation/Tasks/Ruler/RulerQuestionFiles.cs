using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Data.Examples;
using LongContext.Data.Making;
using LongContext.Data.Reading;
using RecordFields = LongContext.Data.Making.RecordFields;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>Reads the official files of questions as qa.py does, but for the order of documents, which it shuffles anyway.</summary>
internal static class RulerQuestionFiles
{
    /// <summary>SQuAD: data, each an article with paragraphs, each a context with qas. Impossible questions are left out.</summary>
    public static RulerFileQuestions Squad(string path)
    {
        Documents documents = new();
        List<RulerFileQuestions.Entry> entries = [];
        foreach (DataRecord record in Records(path))
        {
            foreach ((JsonObject article, string place) in Required(record, "data"))
            {
                List<(int Document, JsonObject Fields, string Where)> paragraphs = [];
                foreach ((JsonObject paragraph, string where) in Objects(article, "paragraphs", record.Origin, place))
                    paragraphs.Add((documents.Add(RecordFields.RequireText(paragraph, "context", record.Origin, where)), paragraph, where));
                int[] all = [.. paragraphs.Select(paragraph => paragraph.Document).Distinct()];
                foreach ((int document, JsonObject fields, string where) in paragraphs)
                {
                    foreach ((JsonObject question, string at) in Objects(fields, "qas", record.Origin, where))
                    {
                        if (RecordFields.OptionalFlag(question, "is_impossible", record.Origin, at) == true) continue;
                        string[] answers = [.. Objects(question, "answers", record.Origin, at).Select(answer => RecordFields.RequireText(answer.Fields, "text", record.Origin, answer.Where)).Distinct()];
                        if (answers.Length == 0) throw RecordFields.Fault(record.Origin, $"\"{at}answers\" is empty, expected at least one answer.");
                        entries.Add(new(RecordFields.RequireText(question, "question", record.Origin, at), answers, [document], [.. all.Where(other => other != document)]));
                    }
                }
            }
        }

        return Whole(path, entries, documents);
    }

    /// <summary>HotpotQA: an array of objects with question, answer and context, which is pairs of a title and sentences.</summary>
    public static RulerFileQuestions Hotpot(string path)
    {
        Documents documents = new();
        List<RulerFileQuestions.Entry> entries = [];
        foreach (DataRecord record in Records(path))
        {
            string question = record.RequireText("question"), answer = record.RequireText("answer");
            if (record.Fields["context"] is not JsonArray { Count: > 0 } context)
                throw RecordFields.Fault(record.Origin, $"the field \"context\" is {Describe(record.Fields["context"])}, expected an array of pairs of title and sentences.");
            List<int> own = [];
            for (int i = 0; i < context.Count; i++)
            {
                if (context[i] is not JsonArray { Count: 2 } pair || pair[1] is not JsonArray sentences)
                    throw RecordFields.Fault(record.Origin, FormattableString.Invariant($"\"context[{i}]\" is {Describe(context[i])}, expected a pair of a title and an array of sentences."));
                string title = Text(pair[0], i, record.Origin);
                own.Add(documents.Add(title + "\n" + string.Concat(sentences.Select(sentence => Text(sentence, i, record.Origin)))));
            }

            entries.Add(new(question, [answer], [.. own.Distinct()], []));
        }

        return Whole(path, entries, documents);
    }

    private static IEnumerable<DataRecord> Records(string path)
    {
        if (Directory.Exists(path)) throw new ArgumentException($"{path} is a folder, expected a file of questions.", nameof(path));
        using RecordSource<DataRecord> source = RecordSource.FromFiles([path]);
        while (source.Next() is { } record) yield return record;
    }

    private static RulerFileQuestions Whole(string path, List<RulerFileQuestions.Entry> entries, Documents documents) =>
        entries.Count > 0 ? new RulerFileQuestions(entries, documents.All) : throw new DataFormatException(path, null, "it holds no question that can be answered.");

    private static IEnumerable<(JsonObject Fields, string Where)> Required(DataRecord record, string name) =>
        record.Fields.ContainsKey(name) ? record.Objects(name) : throw RecordFields.Fault(record.Origin, $"there is no field \"{name}\"; found {RecordFields.Names(record.Fields)}.");

    private static IEnumerable<(JsonObject Fields, string Where)> Objects(JsonObject fields, string name, RecordOrigin origin, string where)
    {
        if (fields[name] is not JsonArray array) throw RecordFields.Fault(origin, $"\"{where}{name}\" is {Describe(fields[name])}, expected an array of objects.");
        for (int i = 0; i < array.Count; i++)
        {
            string at = FormattableString.Invariant($"{where}{name}[{i}]");
            yield return array[i] is JsonObject item ? (item, at + ".") : throw RecordFields.Fault(origin, $"\"{at}\" is {Describe(array[i])}, expected an object.");
        }
    }

    private static string Text(JsonNode? node, int i, RecordOrigin origin) =>
        node is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.String ? value.GetValue<string>()
        : throw RecordFields.Fault(origin, FormattableString.Invariant($"\"context[{i}]\" holds {Describe(node)}, expected a title and sentences."));

    private static string Describe(JsonNode? node) => LongContext.Data.Examples.RecordFields.Describe(node);

    private sealed class Documents
    {
        private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);

        public List<string> All { get; } = [];

        public int Add(string document)
        {
            if (!numbers.TryGetValue(document, out int number))
            {
                numbers.Add(document, number = All.Count);
                All.Add(document);
            }

            return number;
        }
    }
}
