using System.Globalization;
using System.IO.Hashing;
using LongContext.Data;
using LongContext.Data.Making;
using LongContext.Data.Reading;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>
/// One of RULER's tasks with items that the official scripts made: validation.jsonl files, one for each length. <see cref="Ruler.Load"/> makes it. For the very items of a published figure, where
/// <see cref="RulerTask"/> makes items of the same kind.
/// </summary>
public sealed class RulerPreparedTask : AnswerTask, IPartedTask
{
    private readonly string kind;
    private readonly (int Length, string File)[] files;
    private readonly PromptStyle style;
    private readonly int newTokens;

    internal RulerPreparedTask(string kind, IEnumerable<KeyValuePair<int, string>> files, PromptStyle style)
    {
        this.kind = kind;
        this.files = [.. files.OrderBy(file => file.Key).Select(file => (file.Key, Path.GetFullPath(file.Value)))];
        this.style = style;
        newTokens = kind switch
        {
            "vt" => 30,
            "cwe" => 120,
            "fwe" => 50,
            "qa_1" or "qa_2" => 32,
            _ => 128,
        };
        Name = RulerTask.Prefix + kind;
        Parts = [.. this.files.Select(file => new ItemPart(file.Length, null, _ => Read(file.Length, file.File)))];
        Identity = Settings.Text(Name, 0, style, this.files.Select(file => $"{file.Length} {Hash(file.File)}"));
    }

    /// <inheritdoc />
    public override string Name { get; }

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override IBenchmark Benchmark => RulerBenchmark.Instance;

    string IPartedTask.PartName => "length";

    IReadOnlyList<ItemPart> IPartedTask.Parts => Parts;

    private IReadOnlyList<ItemPart> Parts { get; }

    /// <summary>The items of the files in their order, whatever the tokenizer.</summary>
    /// <param name="tokenizer">The model's tokenizer; only lengths in reports would depend on it, and these are the files'.</param>
    /// <exception cref="DataFormatException">A record is not in the form expected; the message names file, line and field. Thrown when it is reached.</exception>
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return Parts.SelectMany(part => part.CreateItems(tokenizer));
    }

    /// <inheritdoc cref="RulerTask.Score(EvaluationItem, string)" />
    public override ItemScore Score(EvaluationItem item, string answer)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(answer);
        return RulerTask.Score(item.Answers, answer, anyCounts: kind is "qa_1" or "qa_2");
    }

    /// <inheritdoc cref="RulerTask.Summarize" />
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results) => RulerTask.Figures(results);

    private static string Hash(string file)
    {
        XxHash64 hash = new();
        using FileStream stream = File.OpenRead(file);
        hash.Append(stream);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private IEnumerable<EvaluationItem> Read(int length, string file)
    {
        using RecordSource<DataRecord> source = RecordSource.FromFiles([file], new RecordSourceOptions { Form = DataFileForm.JsonLines });
        for (int number = 0; source.Next() is { } record; number++)
        {
            string input = record.RequireText("input");
            // The question comes last; its parts are told apart so that strategies shorten the text alone.
            int question = input.LastIndexOf(kind switch
            {
                "qa_1" or "qa_2" => "\n\nAnswer the question based on the given documents.",
                "vt" or "cwe" or "fwe" => "\nQuestion: ",
                _ => "\nWhat ",
            }, StringComparison.Ordinal);
            yield return new EvaluationItem
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"{length}-{number}"),
                Prompt = new EvaluationPrompt
                {
                    Context = question < 0 ? "" : input[..question],
                    After = question < 0 ? input : input[question..],
                    AnswerPrefix = RecordFields.OptionalText(record.Fields, "answer_prefix", record.Origin, "") ?? "",
                    Style = style,
                },
                Answers = record.RequireTexts("outputs"),
                Settings = new AnswerSettings { MaximumNewTokens = newTokens },
                Length = length,
                Group = length.ToString(CultureInfo.InvariantCulture),
            };
        }
    }
}
