using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Runs;

/// <summary>
/// What decides results, by name of model, strategy and task; the file <c>run.json</c> remembers it, so that a run with other settings can say what
/// differs.
/// </summary>
internal sealed class RunSettings
{
    public const string FileName = "run.json", Format = "longcontext.evaluation-run.1";
    private const string FormatField = "format";
    private const string Probe = "The quick brown fox, 12345 µm of café; 你好 — {\"a\": [1.5e-3]}\n\n    return x != y;\t";
    private static readonly string[] Sections = ["models", "strategies", "tasks"];

    private readonly JsonObject json;

    private RunSettings(JsonObject json) => this.json = json;

    public static RunSettings Of(IEnumerable<EvaluationModel> models, IEnumerable<IContextStrategy> strategies, IEnumerable<EvaluationTask> tasks) => new(new JsonObject
    {
        [FormatField] = Format,
        ["models"] = Section(models.Select(model => (model.Name, Describe(model)))),
        ["strategies"] = Section(strategies.Select(strategy => (strategy.Name, strategy.Identity))),
        ["tasks"] = Section(tasks.Select(task => (task.Name, task.Identity))),
    });

    /// <summary>Everything about a model that decides a prompt or an answer.</summary>
    public static string Describe(EvaluationModel model) => string.Create(
        CultureInfo.InvariantCulture,
        $"identity '{model.FindIdentity()}', tokenizer {Describe(model.Tokenizer)}, window {model.ContextLength?.ToString(CultureInfo.InvariantCulture) ?? "unknown"}, "
        + $"reserved {model.TemplateTokens}, continues answers {model.ContinuesAnswers}");

    /// <summary>Stands for model, strategy and task with all their settings.</summary>
    public static string Key(EvaluationModel model, IContextStrategy strategy, EvaluationTask task)
    {
        string all = string.Join('\0', new[] { model.Name, Describe(model), strategy.Name, strategy.Identity, task.Name, task.Identity }.Select(text => $"{text.Length}:{text}"));
        return Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(all)));
    }

    /// <summary>Stands for an item's content.</summary>
    public static string Fingerprint(EvaluationItem item)
    {
        XxHash128 hash = new();
        void Text(string? text)
        {
            hash.Append(BitConverter.GetBytes(text?.Length ?? -1));
            hash.Append(MemoryMarshal.AsBytes(text.AsSpan()));
        }

        EvaluationPrompt prompt = item.Prompt;
        foreach (string? part in new[] { prompt.System, prompt.Before, prompt.Context, prompt.After, prompt.AnswerPrefix, prompt.Query, prompt.Style.ToString(), prompt.Truncation.Name }) Text(part);
        foreach (string answer in item.Answers) Text(answer);
        Text(null);
        foreach (string choice in item.Choices) Text(choice);
        Text(null);
        foreach (string stop in item.Settings.StopSequences) Text(stop);
        AnswerSettings settings = item.Settings;
        // Not the record's own text, which is written in the machine's language.
        Text(string.Create(
            CultureInfo.InvariantCulture,
            $"{settings.MaximumNewTokens}, {settings.MinimumNewTokens}, {settings.Temperature:R}, {settings.TopP:R}, {settings.Seed}, {settings.Attempt}"));
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>Compares with what the folder has, and writes what is new; what is not part of this run stays there.</summary>
    /// <exception cref="EvaluationRunException">It differs and that is refused, or the file is none of a run.</exception>
    public void Reconcile(string folder, ChangedSettings onChanged)
    {
        string path = Path.Combine(folder, FileName);
        JsonObject merged = new() { [FormatField] = Format };
        foreach (string section in Sections) merged[section] = new JsonObject();
        try
        {
            if (File.Exists(path))
            {
                JsonObject found = CheckpointJson.ReadObject(path, 1 << 28);
                if ((string?)found[FormatField] != Format) throw new EvaluationRunException($"{path}: its format is '{found[FormatField]}', expected '{Format}'.");
                List<string> differences = Merge(found, merged);
                if (differences.Count > 0 && onChanged == ChangedSettings.Refuse)
                {
                    throw new EvaluationRunException(
                        $"{folder} has results of other settings: {string.Join("; ", differences)}. Use another folder, or set {nameof(EvaluationRunOptions)}."
                        + $"{nameof(EvaluationRunOptions.OnChangedSettings)} to {nameof(ChangedSettings.MeasureAgain)} to have these measured again.");
                }
            }

            foreach (string section in Sections)
            {
                foreach ((string name, JsonNode? value) in json[section]!.AsObject()) merged[section]![name] = value!.DeepClone();
            }

            string text = CheckpointJson.ToText(merged);
            if (!File.Exists(path) || File.ReadAllText(path) != text) AtomicFile.WriteAllText(path, text);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new EvaluationRunException($"{path} cannot be read or written: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is CheckpointFormatException or InvalidOperationException or FormatException)
        {
            throw new EvaluationRunException($"{path} is not the file of a run: {exception.Message} Remove it to have everything measured again.", exception);
        }
    }

    private List<string> Merge(JsonObject found, JsonObject merged)
    {
        List<string> differences = [];
        foreach (string section in Sections)
        {
            foreach ((string name, JsonNode? value) in found[section] as JsonObject ?? [])
            {
                string before = value?.GetValue<string>() ?? throw new InvalidOperationException($"'{section}.{name}' is null, expected a text.");
                if ((string?)json[section]![name] is { } now && now != before)
                {
                    string kind = section == "strategies" ? "strategy" : section[..^1];
                    differences.Add($"{kind} '{name}' was [{Shorten(before, now)}] and is [{Shorten(now, before)}]");
                }

                merged[section]![name] = before;
            }
        }

        return differences;
    }

    /// <summary>The part of a long text where it begins to differ from another.</summary>
    private static string Shorten(string text, string other)
    {
        const int Most = 160, Before = 40;
        if (text.Length <= Most) return text;
        int same = text.AsSpan().CommonPrefixLength(other);
        int start = Math.Max(0, Math.Min(same - Before, text.Length - Most));
        int end = Math.Min(text.Length, start + Most);
        return (start > 0 ? "…" : "") + text[start..end] + (end < text.Length ? "…" : "");
    }

    private static string Describe(Tokenizer tokenizer)
    {
        if (tokenizer is HuggingFaceTokenizer known) return known.Fingerprint;
        byte[] ids = MemoryMarshal.AsBytes(tokenizer.EncodeToIds(Probe).ToArray().AsSpan()).ToArray();
        return $"{tokenizer.GetType().Name} {Convert.ToHexStringLower(XxHash64.Hash(ids))}";
    }

    private static JsonObject Section(IEnumerable<(string Name, string Identity)> entries)
    {
        JsonObject section = [];
        foreach ((string name, string identity) in entries) section[name] = identity;
        return section;
    }
}
