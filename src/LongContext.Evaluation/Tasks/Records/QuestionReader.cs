using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Data.Examples;
using LongContext.Data.Reading;
using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.Records;

/// <summary>Questions of records, by the names of their fields.</summary>
/// <param name="columns">Which fields are what.</param>
/// <param name="others">Fields that the template names beside.</param>
internal sealed class QuestionReader(QuestionColumns columns, IReadOnlyCollection<string> others)
{
    /// <summary>A record's question.</summary>
    /// <param name="record">The record.</param>
    /// <param name="loadContext">Whether a context file is read; else the context is left empty.</param>
    /// <exception cref="DataFormatException">A field is missing or of another kind; the message names it.</exception>
    public Question Read(DataRecord record, bool loadContext)
    {
        JsonObject fields = record.Fields;
        IReadOnlyList<string> choices = Choices(fields);
        Dictionary<string, string> properties = [];
        foreach (string name in columns.Properties)
        {
            if (RecordValues.OptionalText(fields, name) is { } value) properties[name] = value;
        }

        foreach (string name in others)
        {
            properties[name] = RecordValues.OptionalText(fields, name)
                ?? throw new DataFormatException($"there is no field for the template's place {{{name}}}; found {RecordFields.Names(fields)}.");
        }

        return new Question
        {
            Text = RecordFields.RequireText(fields, columns.Question),
            Context = Context(record, loadContext),
            Answers = Answers(fields, choices),
            Id = Optional(fields, columns.Id, QuestionColumns.DefaultId),
            Group = Optional(fields, columns.Group, QuestionColumns.DefaultGroup),
            Choices = choices,
            Properties = properties,
        };
    }

    /// <summary>The file with a record's context, or null where it is in the record.</summary>
    /// <exception cref="DataFormatException">It is not there, or not below the data file's folder.</exception>
    public string? ContextFile(DataRecord record)
    {
        if (columns.ContextFile is not { } column) return null;
        string name = RecordFields.RequireText(record.Fields, column);
        string folder = Path.GetDirectoryName(Path.GetFullPath(record.Origin.Path))!, path = Path.GetFullPath(Path.Combine(folder, name));
        // A file of somebody else's questions must not be able to send what else is on this disk to a model.
        string below = Path.GetRelativePath(folder, path);
        if (Path.IsPathRooted(name) || Path.IsPathRooted(below) || below == ".." || below.StartsWith(".." + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new DataFormatException($"the field \"{column}\" is \"{name}\", expected a file below {folder}.");
        return File.Exists(path) ? path : throw new DataFormatException($"the field \"{column}\" is \"{name}\", but there is no file {path}.");
    }

    /// <summary>The text of a context file.</summary>
    /// <exception cref="DataFormatException">It is not UTF-8.</exception>
    public static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException fault)
        {
            throw new DataFormatException($"the file {path} is not UTF-8: {fault.Message}", fault);
        }
    }

    private static string? Optional(JsonObject fields, string name, string byDefault)
    {
        string? text = RecordValues.OptionalText(fields, name);
        return !string.IsNullOrEmpty(text) ? text
            : name == byDefault ? null : throw new DataFormatException($"there is nothing in the field \"{name}\", expected text; found {RecordFields.Names(fields)}.");
    }

    private string? Context(DataRecord record, bool load)
    {
        if (ContextFile(record) is { } path) return load ? ReadText(path) : "";
        return columns.Context is { } column ? RecordValues.Text(record.Fields, column) : null;
    }

    private IReadOnlyList<string> Choices(JsonObject fields)
    {
        if (columns.ChoiceColumns.Count > 0)
        {
            // A table has the same columns for questions with fewer choices: those at the end are then empty.
            string[] texts = [.. columns.ChoiceColumns.Select(name => RecordFields.TryFind(fields, name, out _) ? RecordValues.OptionalText(fields, name) ?? "" : RecordValues.Text(fields, name))];
            int count = Array.FindLastIndex(texts, text => text.Length > 0) + 1;
            return texts[..count];
        }

        bool isThere = RecordFields.TryFind(fields, columns.Choices, out JsonNode? node) && node is not null;
        if (!isThere && columns.Choices == QuestionColumns.DefaultChoices) return [];
        return isThere && node is not JsonArray ? throw new DataFormatException($"the field \"{columns.Choices}\" is {RecordFields.Describe(node)}, expected an array of strings.") : RecordValues.Texts(fields, columns.Choices);
    }

    private IReadOnlyList<string> Answers(JsonObject fields, IReadOnlyList<string> choices)
    {
        string name = columns.Answers == QuestionColumns.DefaultAnswers && !RecordFields.TryFind(fields, columns.Answers, out _) && RecordFields.TryFind(fields, QuestionColumns.OtherAnswers, out _)
            ? QuestionColumns.OtherAnswers : columns.Answers;
        IReadOnlyList<string> answers = RecordValues.Texts(fields, name);
        if (columns.AnswerSeparator is { } separator) answers = [.. answers.SelectMany(answer => answer.Split(separator)).Select(Words.Trim).Where(answer => answer.Length > 0)];
        if (choices.Count == 0 || columns.ChoiceAnswers == ChoiceAnswerForm.LetterOrText) return answers;
        int first = columns.ChoiceAnswers == ChoiceAnswerForm.NumberFrom0 ? 0 : 1;
        return [.. answers.Select(answer => int.TryParse(answer, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= first && number - first < choices.Count
            ? ChoiceLetter.Of(number - first)
            : throw new DataFormatException(FormattableString.Invariant($"the field \"{name}\" is \"{answer}\", expected a choice's number from {first} to {choices.Count - 1 + first}.")))];
    }
}
