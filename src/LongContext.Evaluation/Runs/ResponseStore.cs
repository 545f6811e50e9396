using System.Collections.Concurrent;
using System.Globalization;

namespace LongContext.Evaluation.Runs;

/// <summary>Answers by request: in memory, or in a file, of which only the places are in memory.</summary>
internal sealed class ResponseStore : IDisposable
{
    public const string FileName = "responses.jsonl";

    // A day is the longest that options allow for a request.
    private const double LongestSeconds = 1e6;

    private readonly ConcurrentDictionary<UInt128, ModelResponse> inMemory = new();
    private readonly ConcurrentDictionary<UInt128, (long Offset, int Length)> places = new();
    private readonly LineFile? file;

    /// <param name="folder">Where the file is, or null to keep answers in memory.</param>
    /// <param name="time">Says when to flush.</param>
    public ResponseStore(string? folder, TimeProvider time)
    {
        if (folder is null) return;
        int unread = 0;
        file = LineFile.Open(Path.Combine(folder, FileName), "key", time, (line, offset) =>
        {
            if (RunJson.TryRead<Record>(line) is { Key: { } key, Text: not null, InputTokens: >= 0, OutputTokens: >= 0, Seconds: >= 0 and < LongestSeconds }
                && UInt128.TryParse(key, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 parsed))
            {
                places[parsed] = (offset, line.Length);
            }
            else
            {
                unread++;
            }
        });
        DamagedLines = file.DamagedLines + unread;
    }

    /// <summary>Lines that could not be read; such requests are made again.</summary>
    public int DamagedLines { get; }

    public ModelResponse? TryGet(UInt128 key)
    {
        if (file is null) return inMemory.TryGetValue(key, out ModelResponse? response) ? response with { FromCache = true } : null;
        if (!places.TryGetValue(key, out (long Offset, int Length) place)) return null;
        // Checked when it was read first or written.
        Record record = RunJson.TryRead<Record>(file.Read(place.Offset, place.Length))
            ?? throw new EvaluationRunException($"{FileName} changed while the run read it.");
        return new ModelResponse
        {
            Text = record.Text,
            FinishReason = record.FinishReason,
            OnlyReasoning = record.OnlyReasoning == true,
            InputTokens = record.InputTokens,
            OutputTokens = record.OutputTokens,
            Duration = TimeSpan.FromSeconds(record.Seconds),
            FromCache = true,
        };
    }

    /// <exception cref="EvaluationRunException">It cannot be written.</exception>
    public void Add(ModelRequest request, ModelResponse response)
    {
        if (file is null)
        {
            inMemory[request.Key] = response;
            return;
        }

        Record record = new(
            request.Key.ToString("x32", CultureInfo.InvariantCulture), request.Model.Name, response.Text, response.FinishReason, response.InputTokens, response.OutputTokens,
            response.Duration.TotalSeconds, response.OnlyReasoning ? true : null);
        places[request.Key] = file.Append(RunJson.Write(record));
    }

    public void Flush() => file?.Flush();

    public void Dispose() => file?.Dispose();

    private sealed record Record(string Key, string Model, string Text, string? FinishReason, long InputTokens, long OutputTokens, double Seconds, bool? OnlyReasoning = null);
}
