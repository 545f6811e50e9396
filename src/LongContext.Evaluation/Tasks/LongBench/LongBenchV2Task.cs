using LongContext.Data;
using LongContext.Data.Reading;
using LongContext.Evaluation.Metrics;
using LongContext.Evaluation.Tasks.Records;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>LongBench v2's questions; <see cref="LongBenchV2.Load"/> makes it.</summary>
/// <remarks>
/// <para>Figures: "overall", "easy", "hard", "short", "medium" and "long": per cent of right answers, one digit, rounded as Python does; null where there is none. An item whose
/// answer is empty counts in none of them, as in pred.py; "empty answers" is their number. In reports they have a score of 0, and the detail "empty".</para>
/// <para>Prompts that are too long lose their middle: the ends' tokens are joined and decoded once.</para>
/// </remarks>
public sealed class LongBenchV2Task : EvaluationTask
{
    private const double Temperature = 0.1;
    private const string Empty = "empty", Compensated = "compensated", Difficulty = "difficulty", Length = "length";

    private static readonly AnswerSettings AnswerSettings = new() { MaximumNewTokens = 128, Temperature = Temperature };
    private static readonly AnswerSettings ThoughtSettings = new() { MaximumNewTokens = 1024, Temperature = Temperature };

    private readonly string path;
    private readonly LongBenchV2Options options;
    private readonly PromptTruncation truncation;
    private readonly LongBenchV2Prompt prompt;
    private readonly LongBenchV2Prompt? answerPrompt;

    internal LongBenchV2Task(string path, string promptFolder, LongBenchV2Options options, CancellationToken cancellationToken)
    {
        this.path = path;
        this.options = options;
        truncation = PromptTruncation.MiddleJoined.AtMost(options.MaximumPromptTokens);
        string[] places = ["$Q$", "$C_A$", "$C_B$", "$C_C$", "$C_D$"];
        (string file, string name) = options.Mode switch
        {
            LongBenchV2Mode.ChainOfThought => ("0shot_cot.txt", "/cot"),
            LongBenchV2Mode.NoContext => ("0shot_no_context.txt", "/no-context"),
            LongBenchV2Mode.RetrievedContext => ("0shot_rag.txt", FormattableString.Invariant($"/rag-{options.RetrievedPassages}")),
            _ => ("0shot.txt", ""),
        };
        prompt = LongBenchV2Prompt.Read(Path.Combine(promptFolder, file), options.Mode != LongBenchV2Mode.NoContext, places);
        if (options.Mode == LongBenchV2Mode.ChainOfThought)
            answerPrompt = LongBenchV2Prompt.Read(Path.Combine(promptFolder, "0shot_cot_ans.txt"), hasDocument: false, [.. places, "$COT$"]);
        HashSet<string> ids = new(StringComparer.Ordinal);
        Count = Read(cancellationToken, question => RequireNew(ids, question)).Count();
        if (Count == 0) throw new DataFormatException(path, null, "the file has no record, expected LongBench v2's questions.");
        Name = "longbench-v2" + name + (options.MaximumItems is { } most ? FormattableString.Invariant($" (first {most})") : "");
        ContentHash hash = new ContentHash().AddFiles([path]).Add(prompt.Text).Add(answerPrompt?.Text).Add(options.MaximumPromptTokens).Add(options.MaximumItems);
        hash.Add(options.Mode).Add(options.Mode == LongBenchV2Mode.RetrievedContext ? options.RetrievedPassages : null).Add(AnswerSettings).Add(ThoughtSettings);
        Identity = $"{Name}: {hash}";
    }

    /// <inheritdoc />
    public override string Name { get; }

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override IReadOnlyList<string> Deviations => [.. TaskDeviations.First(options.MaximumItems)];

    /// <inheritdoc />
    public override int? ItemCount => Count;

    /// <summary>How many questions there are.</summary>
    public int Count { get; }

    /// <inheritdoc />
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer)
    {
        foreach (LongBenchV2Question question in Read(CancellationToken.None))
        {
            string text = options.Mode switch
            {
                LongBenchV2Mode.NoContext => "",
                LongBenchV2Mode.RetrievedContext => question.ShownPassages(),
                _ => question.Context,
            };
            yield return new EvaluationItem
            {
                Id = question.Id,
                Prompt = prompt.Fill(question, text) with { Truncation = truncation },
                Answers = [question.Answer],
                Choices = question.Choices,
                Settings = options.Mode == LongBenchV2Mode.ChainOfThought ? ThoughtSettings : AnswerSettings,
                Group = question.Length,
                Properties = new Dictionary<string, string>
                {
                    [Difficulty] = question.Difficulty,
                    [Length] = question.Length,
                    ["domain"] = question.Domain,
                    ["sub_domain"] = question.SubDomain,
                },
            };
        }
    }

    /// <inheritdoc />
    public override async ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(session);
        string said = (await session.AskAsync(item.Prompt, item.Settings, cancellationToken).ConfigureAwait(false)).Text;
        if (answerPrompt is not null && said.Length > 0)
        {
            EvaluationPrompt asked = answerPrompt.Fill(Question(item), "", Words.Trim(said)) with { Truncation = truncation };
            said = (await session.AskAsync(asked, AnswerSettings, cancellationToken).ConfigureAwait(false)).Text;
        }

        return Score(item, said);
    }

    /// <summary>Scores the model's last answer: 1 where it names the right choice, else 0.</summary>
    /// <param name="item">The item.</param>
    /// <param name="answer">What the model said.</param>
    /// <returns>
    /// The score; <see cref="ItemScore.Judged"/> is the letter that was read, null for none. Details: "compensated" is the score with a quarter for an answer that names no choice;
    /// "empty" is 1 for an empty answer.
    /// </returns>
    public static ItemScore Score(EvaluationItem item, string answer)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Length == 0) return new ItemScore(0) { Details = new Dictionary<string, double> { [Empty] = 1 } };
        string? letter = LongBenchV2Metrics.ExtractAnswer(Words.Trim(answer));
        double score = letter == item.Answer ? 1 : 0;
        return new ItemScore(score) { Judged = letter, Details = new Dictionary<string, double> { [Compensated] = letter is null ? 0.25 : score } };
    }

    /// <inheritdoc />
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        ItemResult[] answered = [.. results.Where(result => !result.Details.ContainsKey(Empty))];
        (string Name, Func<ItemResult, bool> Has)[] parts =
        [
            ("overall", _ => true),
            ("easy", result => result.Properties[Difficulty] == "easy"),
            ("hard", result => result.Properties[Difficulty] == "hard"),
            ("short", result => result.Properties[Length] == "short"),
            ("medium", result => result.Properties[Length] == "medium"),
            ("long", result => result.Properties[Length] == "long"),
        ];
        IEnumerable<TaskFigure> figures = parts.Select(part => new TaskFigure(part.Name, Accuracy([.. answered.Where(part.Has)], result => result.Score!.Value)));
        if (options.Compensated)
            figures = figures.Concat(parts.Select(part => new TaskFigure($"{part.Name} ({Compensated})", Accuracy([.. answered.Where(part.Has)], result => result.Details[Compensated]))));
        return [.. figures, new TaskFigure("empty answers", results.Count - answered.Length)];
    }

    private static double? Accuracy(ItemResult[] results, Func<ItemResult, double> score) => results.Length == 0 ? null : LongBenchV2Metrics.Accuracy(results.Sum(score), results.Length);

    /// <summary>What the second prompt shows of an item.</summary>
    private static LongBenchV2Question Question(EvaluationItem item) => new()
    {
        Id = item.Id,
        Domain = "",
        SubDomain = "",
        Difficulty = "",
        Length = "",
        Question = item.Prompt.Query!,
        Choices = item.Choices,
        Answer = item.Answer,
        Context = "",
        Passages = [],
    };

    private static void RequireNew(HashSet<string> ids, LongBenchV2Question question)
    {
        if (!ids.Add(question.Id)) throw new DataFormatException($"the field \"_id\" is \"{question.Id}\", as that of a record before it.");
    }

    private IEnumerable<LongBenchV2Question> Read(CancellationToken cancellationToken, Action<LongBenchV2Question>? check = null)
    {
        int? passages = options.Mode == LongBenchV2Mode.RetrievedContext ? options.RetrievedPassages : null;
        using RecordSource<LongBenchV2Question> source = new(new DataFileList([path]), ReadOne, "LongBench v2", new RecordSourceOptions());
        for (int read = 0; options.MaximumItems is not { } most || read < most; read++)
        {
            if (source.Next(cancellationToken) is not { } question) yield break;
            yield return question;
        }

        LongBenchV2Question ReadOne(DataRecord record)
        {
            LongBenchV2Question question = LongBenchV2Question.Read(record, passages);
            check?.Invoke(question);
            return question;
        }
    }
}
