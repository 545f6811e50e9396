using System.Text.Json;
using LongContext.Data;
using LongContext.Evaluation.Tasks.Records;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>The two files of LongBench's configuration: prompts and answer lengths by data set.</summary>
internal sealed class LongBenchConfiguration
{
    private const string Prompts = "dataset2prompt.json", Lengths = "dataset2maxlen.json";

    private readonly string promptFile;
    private readonly string lengthFile;
    private readonly JsonElement prompts;
    private readonly JsonElement lengths;

    /// <summary>Reads the files.</summary>
    /// <param name="folder">Where they are.</param>
    /// <exception cref="FileNotFoundException">One is not there.</exception>
    /// <exception cref="DataFormatException">One is no JSON object.</exception>
    public LongBenchConfiguration(string folder)
    {
        promptFile = Path.Combine(folder, Prompts);
        lengthFile = Path.Combine(folder, Lengths);
        string[] missing = [.. new[] { promptFile, lengthFile }.Where(file => !File.Exists(file))];
        if (missing.Length > 0)
        {
            throw new FileNotFoundException(
                $"There is no {string.Join(" and no ", missing)}. Expected the files of LongBench's folder \"config\" (github.com/THUDM/LongBench, LongBench/config); name where they are as ConfigurationFolder.");
        }

        prompts = ReadObject(promptFile);
        lengths = ReadObject(lengthFile);
    }

    /// <summary>The prompt of a data set, as it stands in the file.</summary>
    /// <exception cref="DataFormatException">There is none, or it is no prompt for LongBench's records; the message names file and key.</exception>
    public (string Text, FormatString Prompt) Prompt(string dataSet)
    {
        JsonElement value = Find(prompts, promptFile, dataSet, "the prompt");
        if (value.ValueKind != JsonValueKind.String) throw Fault(promptFile, dataSet, $"is {Describe(value)}, expected a string");
        string text = value.GetString()!;
        FormatString prompt;
        try
        {
            prompt = FormatString.Parse(text);
        }
        catch (DataFormatException fault)
        {
            throw Fault(promptFile, dataSet, $"is no format string: {fault.Message}");
        }

        return LongBenchRecord.Fault(prompt) is { } wrong ? throw Fault(promptFile, dataSet, $"cannot be filled: {wrong}") : (text, prompt);
    }

    /// <summary>The most tokens of an answer to a data set's questions.</summary>
    /// <exception cref="DataFormatException">There is no such number, or it is none; the message names file and key.</exception>
    public int MaximumNewTokens(string dataSet)
    {
        JsonElement value = Find(lengths, lengthFile, dataSet, "the most tokens of an answer");
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int tokens) && tokens >= 1 ? tokens
            : throw Fault(lengthFile, dataSet, $"is {(value.ValueKind == JsonValueKind.Number ? value.GetRawText() : Describe(value))}, expected a whole number of tokens, at least 1");
    }

    private static JsonElement Find(JsonElement all, string file, string key, string what) => all.TryGetProperty(key, out JsonElement value) ? value
        : throw new DataFormatException(file, null, $"there is no key \"{key}\", expected {what} of that data set.");

    private static JsonElement ReadObject(string file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone()
                : throw new DataFormatException(file, null, $"the file holds {Describe(document.RootElement)}, expected an object with a data set's name as each key.");
        }
        catch (JsonException fault)
        {
            throw new DataFormatException(file, null, $"not valid JSON: {fault.Message}", fault);
        }
    }

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    private static DataFormatException Fault(string file, string key, string fault) => new(file, null, $"the value of \"{key}\" {fault}.");
}
