using System.Numerics;
using System.Text.Json;

namespace LongContext.Evaluation.Metrics;

/// <content>Labels as the data sets' JSON has them.</content>
public static partial class InfiniteBenchMetrics
{
    /// <summary>
    /// get_score_one: the score of an answer for a label as the data set or a file of predictions has it. Labels of an unexpected kind count as in
    /// Python: of a text where a list is due, each character is an entry.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="prediction">What the model said.</param>
    /// <param name="label">
    /// The label: a text, a number, or a list of those. code_debug and longbook_choice_eng have the option's text and its letter.
    /// </param>
    /// <param name="skipsFirstNumber">For math_calc: whether the answer's first number is passed over. Default: false.</param>
    /// <exception cref="ArgumentException">The label is of a kind with which the official program fails; the message says what was found.</exception>
    /// <exception cref="FormatException">The answer is one with which the official program fails: math_find and math_calc.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No such task.</exception>
    public static double Score(InfiniteBenchTask task, string prediction, JsonElement label, bool skipsFirstNumber = false)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        return task switch
        {
            InfiniteBenchTask.Passkey or InfiniteBenchTask.NumberString => TextOrNull(FirstOf(label)) is { } number ? NumberRetrieval(prediction, number) : 0,
            InfiniteBenchTask.KeyValueRetrieval => TextOrNull(label) is { } value ? KeyValueRetrieval(prediction, value) : 0,
            InfiniteBenchTask.DialogueQuestions => Entries(label) is [{ } name, ..] ? DialogueQuestions(prediction, name) : throw Unfit(label, "a list with a name"),
            InfiniteBenchTask.CodeRun => CodeRun(prediction, FirstOf(label)),
            InfiniteBenchTask.CodeDebug => Entries(label) is [{ } function, { } letter, ..] ? CodeDebug(prediction, function, letter) : throw Unfit(label, "a function's name and a letter"),
            InfiniteBenchTask.BookChoice => BookChoice(prediction, label),
            InfiniteBenchTask.BookQuestions => BookQuestions(prediction, Entries(label)),
            InfiniteBenchTask.ChineseBookQuestions => ChineseBookQuestions(prediction, Entries(label)),
            InfiniteBenchTask.BookSummary => BookSummary(prediction, label.ValueKind == JsonValueKind.String ? [label.GetString()!] : Entries(label)),
            InfiniteBenchTask.MathFind => MathFind(prediction, FirstOf(label)),
            InfiniteBenchTask.MathCalculation => MathCalculation(prediction, label, skipsFirstNumber),
            _ => throw new ArgumentOutOfRangeException(nameof(task), task, "Expected one of the twelve tasks."),
        };
    }

    /// <summary>The task of one of the data sets' names, such as "longbook_qa_eng".</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ArgumentException">No such data set; the message names those there are.</exception>
    public static InfiniteBenchTask ParseTask(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return TaskNames.TryGetValue(name, out InfiniteBenchTask task) ? task
            : throw new ArgumentException($"\"{name}\" is no data set of InfiniteBench; expected one of {string.Join(", ", TaskNames.Keys)}.", nameof(name));
    }

    private static readonly Dictionary<string, InfiniteBenchTask> TaskNames = new()
    {
        ["passkey"] = InfiniteBenchTask.Passkey,
        ["number_string"] = InfiniteBenchTask.NumberString,
        ["kv_retrieval"] = InfiniteBenchTask.KeyValueRetrieval,
        ["kv_retrieval_prefix"] = InfiniteBenchTask.KeyValueRetrieval,
        ["kv_retrieval_both"] = InfiniteBenchTask.KeyValueRetrieval,
        ["longdialogue_qa_eng"] = InfiniteBenchTask.DialogueQuestions,
        ["longbook_sum_eng"] = InfiniteBenchTask.BookSummary,
        ["longbook_choice_eng"] = InfiniteBenchTask.BookChoice,
        ["longbook_qa_eng"] = InfiniteBenchTask.BookQuestions,
        ["longbook_qa_chn"] = InfiniteBenchTask.ChineseBookQuestions,
        ["math_find"] = InfiniteBenchTask.MathFind,
        ["math_calc"] = InfiniteBenchTask.MathCalculation,
        ["code_run"] = InfiniteBenchTask.CodeRun,
        ["code_debug"] = InfiniteBenchTask.CodeDebug,
    };

    private static double BookChoice(string prediction, JsonElement label)
    {
        if (label.ValueKind != JsonValueKind.String) return BookChoice(prediction, Entries(label));
        string text = label.GetString()!;
        return BookChoice(prediction, Characters(text), said => text.Contains(said, StringComparison.Ordinal));
    }

    private static double CodeRun(string prediction, JsonElement label) => LastWordAsInteger(prediction) is { } said && IsNumber(label)(said) ? 1 : 0;

    private static double MathFind(string prediction, JsonElement label)
    {
        if (label.ValueKind != JsonValueKind.Number) throw Unfit(label, "a number");
        return IntegerOrNull(label) is { } number ? FindInteger(prediction, number) : MathFind(prediction, label.GetDouble());
    }

    private static double MathCalculation(string prediction, JsonElement label, bool skipsFirstNumber)
    {
        if (label.ValueKind != JsonValueKind.Array || label.GetArrayLength() == 0) throw Unfit(label, "a list of numbers");
        JsonElement numbers = label[0].ValueKind == JsonValueKind.Array ? label[0] : label;
        return MathCalculation(prediction, [.. numbers.EnumerateArray().Select(IsNumber)], skipsFirstNumber);
    }

    /// <summary>A list's first entry, or what is no list itself.</summary>
    private static JsonElement FirstOf(JsonElement label)
    {
        if (label.ValueKind != JsonValueKind.Array) return label;
        return label.GetArrayLength() > 0 ? label[0] : throw Unfit(label, "an entry in it");
    }

    private static string[] Entries(JsonElement label) => label.ValueKind switch
    {
        JsonValueKind.String => Characters(label.GetString()!),
        JsonValueKind.Array when label.EnumerateArray().All(entry => entry.ValueKind == JsonValueKind.String) => [.. label.EnumerateArray().Select(entry => entry.GetString()!)],
        _ => throw Unfit(label, "a list of texts"),
    };

    private static string[] Characters(string text) =>
        [.. CodePoints.Of(text).Select(point => point is >= 0xD800 and <= 0xDFFF ? ((char)point).ToString() : char.ConvertFromUtf32(point))];

    private static string? TextOrNull(JsonElement label) => label.ValueKind == JsonValueKind.String ? label.GetString() : null;

    /// <summary>A number that Python's json reads as an int; null for floats and other kinds.</summary>
    private static BigInteger? IntegerOrNull(JsonElement label) =>
        label.ValueKind == JsonValueKind.Number && label.GetRawText() is var raw && !raw.AsSpan().ContainsAny('.', 'e', 'E') ? PythonNumbers.ParseInteger(raw) : null;

    /// <summary>Whether an integer equals a label, which may be of another kind.</summary>
    private static Func<BigInteger, bool> IsNumber(JsonElement label)
    {
        if (IntegerOrNull(label) is { } number) return number.Equals;
        if (label.ValueKind != JsonValueKind.Number) return static _ => false;
        double real = label.GetDouble();
        return said => double.IsInteger(real) && said == new BigInteger(real);
    }

    private static ArgumentException Unfit(JsonElement label, string expected)
    {
        string found = label.ValueKind == JsonValueKind.Undefined ? "nothing" : label.GetRawText();
        return new ArgumentException($"The label is {(found.Length > 80 ? found[..80] + "…" : found)}, expected {expected}.", nameof(label));
    }
}
