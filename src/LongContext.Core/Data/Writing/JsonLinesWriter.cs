using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using LongContext.Chat;
using LongContext.Checkpoints;
using LongContext.Data.Examples;
using LongContext.Data.Reading;
using ZstdSharp;

namespace LongContext.Data.Writing;

/// <summary>See <see cref="JsonLinesExtensions.WriteJsonLines"/>.</summary>
internal sealed class JsonLinesWriter
{
    private const int ZstdLevel = 3;

    private readonly string pattern;
    private readonly long? perFile;
    private long examples, characters;

    public JsonLinesWriter(string path, long? perFile)
    {
        pattern = Path.GetFullPath(path);
        this.perFile = perFile;
        string name = Path.GetFileName(pattern);
        if (RecordFormats.Extension(name) is not (".jsonl" or ".ndjson"))
            throw new ArgumentException($"'{path}' ends with \"{Path.GetExtension(name)}\", expected .jsonl or .ndjson, with .gz or .zst after it to compress.", nameof(path));
        int stars = pattern.AsSpan().Count('*');
        if (perFile is null ? stars != 0 : stars != 1 || !name.Contains('*', StringComparison.Ordinal))
        {
            throw new ArgumentException(
                perFile is null ? $"'{path}' has a \"*\", but how many examples a file has was not given." : $"'{path}' has {stars} \"*\", expected one in the file's name, for the number of each file.",
                nameof(path));
        }
    }

    public JsonLinesReport Write(IDataSource<TrainingExample> source, CancellationToken cancellationToken)
    {
        string folder = Path.GetDirectoryName(pattern)!, name = Path.GetFileName(pattern);
        Directory.CreateDirectory(folder);
        using StagedSave save = new(folder, IsTarget);
        long bytes = 0;
        TrainingExample? next = source.Next(cancellationToken);
        do
        {
            save.Add(
                name.Replace("*", save.Files.Count.ToString("D5", CultureInfo.InvariantCulture), StringComparison.Ordinal),
                stream => next = WriteFile(stream, next, source, cancellationToken));
            bytes += new FileInfo(save.Files[^1].TemporaryPath).Length;
        }
        while (next is not null);
        save.Commit();
        return new JsonLinesReport(examples, characters, bytes, [.. save.Files.Select(file => file.TargetPath)]);

        bool IsTarget(string written)
        {
            int star = name.IndexOf('*', StringComparison.Ordinal), number = written.Length - name.Length + 1;
            if (star < 0) return written == name;
            return number >= 5 && written.StartsWith(name[..star], StringComparison.Ordinal) && written.EndsWith(name[(star + 1)..], StringComparison.Ordinal)
                && written.AsSpan(star, number).IndexOfAnyExceptInRange('0', '9') < 0;
        }
    }

    /// <returns>The first example that belongs into the next file; null at the end.</returns>
    private TrainingExample? WriteFile(Stream file, TrainingExample? next, IDataSource<TrainingExample> source, CancellationToken cancellationToken)
    {
        using Stream? compressed = Path.GetExtension(pattern).ToLowerInvariant() switch
        {
            ".gz" => new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true),
            ".zst" or ".zstd" => new CompressionStream(file, ZstdLevel, leaveOpen: true),
            _ => null,
        };
        using JsonLineWriter lines = new(compressed ?? file);
        for (long written = 0; next is not null && written != perFile; written++)
        {
            WriteExample(lines, next);
            lines.EndLine();
            examples++;
            characters += next.TextLength;
            next = source.Next(cancellationToken);
        }

        return next;
    }

    private static void WriteExample(JsonLineWriter line, TrainingExample example)
    {
        Utf8JsonWriter json = line.Json;
        json.WriteStartObject();
        switch (example)
        {
            case TextExample text:
                line.WriteText(ExampleFields.Text, text.Text);
                break;
            case PromptExample prompt:
                line.WriteText(ExampleFields.Prompt, prompt.Prompt);
                line.WriteText(ExampleFields.Completion, prompt.Completion);
                if (prompt.PromptCounts) json.WriteBoolean(ExampleFields.PromptCounts, true);
                break;
            case ChatExample chat:
                json.WriteStartArray(ExampleFields.Messages);
                foreach (ChatTurn turn in chat.Turns) WriteTurn(line, turn);
                json.WriteEndArray();
                if (chat.Tools.Count > 0) WriteAll(json, ExampleFields.Tools, chat.Tools.Select(tool => tool.ToElement()));
                break;
            case SegmentsExample segments:
                json.WriteStartArray(ExampleFields.Segments);
                foreach (TextSegment segment in segments.Segments)
                {
                    json.WriteStartObject();
                    line.WriteText(ExampleFields.Text, segment.Text);
                    json.WriteBoolean(ExampleFields.Counts, segment.Counts);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                break;
            default:
                throw new NotSupportedException($"Examples of the form {example.GetType().Name} cannot be written.");
        }

        if (example.Properties.Count > 0)
        {
            json.WriteStartObject(ExampleFields.Properties);
            // In one order, so that the same data gives the same bytes.
            foreach ((string name, string value) in example.Properties.OrderBy(pair => pair.Key, StringComparer.Ordinal)) line.WriteText(name, value);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteTurn(JsonLineWriter line, ChatTurn turn)
    {
        Utf8JsonWriter json = line.Json;
        json.WriteStartObject();
        json.WriteString(ExampleFields.Role, turn.Role);
        line.WriteText(ExampleFields.Content, turn.Content);
        if (turn.IsAssistant && turn.Reasoning is { } reasoning) line.WriteText(ExampleFields.Reasoning, reasoning);
        if (turn is { IsAssistant: true, CountsInLoss: false }) json.WriteNumber(ExampleFields.Weight, 0);
        if (turn.ToolCalls.Count > 0) WriteAll(json, ExampleFields.ToolCalls, turn.ToolCalls.Select(call => call.ToElement()));
        if (turn.IsTool && turn.ToolCallId is { } id) line.WriteText(ExampleFields.ToolCallId, id);
        if (turn.IsTool && turn.ToolName is { } name) line.WriteText(ExampleFields.ToolName, name);
        json.WriteEndObject();
    }

    private static void WriteAll(Utf8JsonWriter json, string field, IEnumerable<JsonElement> items)
    {
        json.WriteStartArray(field);
        foreach (JsonElement item in items) item.WriteTo(json);
        json.WriteEndArray();
    }
}
