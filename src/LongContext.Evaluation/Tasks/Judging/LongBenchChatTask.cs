using System.Globalization;
using LongContext.Data;
using LongContext.Evaluation.Metrics;
using LongContext.Evaluation.Tasks.Records;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>
/// LongBench-Chat (Bai et al. 2024, "LongAlign", arXiv:2401.18058): open questions about long documents, rated from 1 to 10 by one or more models. Cases and rated
/// answers are read from the authors' files (THUDM/LongAlign, folder LongBench_Chat).
/// </summary>
/// <remarks>
/// As the authors' eval.py does, line feeds of an answer become blanks before it is rated, and of prompts longer than 64,000 tokens the middle goes. Their judge is
/// GPT-4 with the prompt of prompt_fs.txt (<see cref="JudgePrompt.Load"/>). A rating outside 1 to 10 is not taken; theirs is, whatever it says.
/// </remarks>
public sealed class LongBenchChatTask : EvaluationTask, IJudgedTask
{
    private const int OfficialCases = 50, OfficialHighestRating = 10, OfficialNewTokens = 1_024;

    private readonly LongBenchChatOptions options;
    private readonly JudgePanel panel;
    private readonly Dictionary<string, (LongBenchChatCase Case, JudgeQuestion Question)> cases = [];

    /// <summary>Reads the cases.</summary>
    /// <param name="options">Files, judges and how answers are generated.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    /// <exception cref="ArgumentException">An option is at fault; the message names all that are.</exception>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="DataFormatException">A file has another form than the authors'; the message names file, place and field.</exception>
    public LongBenchChatTask(LongBenchChatOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
        panel = new JudgePanel(options.Judges, nameof(options.Judges));
        IReadOnlyList<IReadOnlyList<RatedAnswer>> examples = options.ExamplesPath is { } path ? LongBenchChatExamples.Load(path) : [];
        foreach (LongBenchChatCase one in LongBenchChatCase.Load(options.CasesPath, cancellationToken))
        {
            if (options.ExamplesPath is { } file && one.Index > examples.Count)
                throw new DataFormatException(file, null, FormattableString.Invariant($"there are rated answers for {examples.Count} cases, but {options.CasesPath} has one with idx {one.Index}."));
            IReadOnlyList<RatedAnswer> rated = options.ExamplesPath is null ? [] : examples[one.Index - 1];
            if (panel.ExampleFault(rated.Count) is { } fault)
                throw new DataFormatException(options.ExamplesPath ?? options.CasesPath, null, FormattableString.Invariant($"case {one.Index}: {fault}."));
            cases.Add(one.Index.ToString(CultureInfo.InvariantCulture), (one, new JudgeQuestion { Question = one.Query, Reference = one.Answer, Examples = rated }));
        }

        ContentHash hash = new ContentHash().Add(panel.Identity).Add(options.MaximumPromptTokens).Add(options.Settings);
        foreach ((LongBenchChatCase one, JudgeQuestion question) in cases.Values)
        {
            hash.Add(one.Index).Add(one.Prompt).Add(one.Query).Add(one.Answer).Add(question.Examples.Count);
            foreach (RatedAnswer example in question.Examples) hash.Add(example.Answer).Add(example.Rating);
        }

        Identity = $"{Name}: {hash}";
    }

    /// <inheritdoc />
    public override string Name => options.Name;

    IReadOnlyList<Judge> IJudgedTask.Judges => panel.Judges;

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override IReadOnlyList<string> Deviations =>
    [
        .. TaskDeviations.Number(cases.Count, OfficialCases, "cases"),
        .. TaskDeviations.Where(options.ExamplesPath is null, "judged without rated answers"),
        .. TaskDeviations.Where(options.Judges.Any(judge => judge.Prompt == JudgePrompt.Default), "the judge's prompt in the library's own words"),
        .. TaskDeviations.Where(options.Judges.Any(judge => judge.HighestRating != OfficialHighestRating), "ratings on another scale than 1 to 10"),
        .. TaskDeviations.Where(options.Judges.Count > 1, "several judges in place of one"),
        .. TaskDeviations.Where(options.Settings.Temperature != 1 || options.Settings.MaximumNewTokens != OfficialNewTokens, "answers with other settings"),
    ];

    /// <inheritdoc />
    public override int? ItemCount => cases.Count;

    /// <summary>How many cases there are.</summary>
    public int Count => cases.Count;

    /// <inheritdoc />
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => cases.Select(pair => new EvaluationItem
    {
        Id = pair.Key,
        Prompt = pair.Value.Case.ToPrompt() with { Truncation = PromptTruncation.MiddleOfText.AtMost(options.MaximumPromptTokens) },
        Answers = [pair.Value.Case.Answer],
        Settings = options.Settings,
        Group = pair.Value.Case.Query.Any(c => c is >= '\u4E00' and <= '\u9FFF') ? "Chinese" : "English",
    });

    /// <inheritdoc />
    public override async ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(session);
        if (!cases.TryGetValue(item.Id, out (LongBenchChatCase, JudgeQuestion Question) one)) throw new ArgumentException($"The item \"{item.Id}\" is none of this task's.", nameof(item));
        ModelResponse response = await session.AskAsync(item.Prompt, item.Settings, cancellationToken).ConfigureAwait(false);
        string answer = Words.Trim(response.Text).Replace('\n', ' ');
        return await panel.ScoreAsync(session, one.Question, answer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// "total", the sum of the ratings as the authors report it (of several judges, of their means), which is null unless every case has one of every judge; the mean score from 0 to 100; each
    /// judge's mean rating; the mean of each language; ratings that could not be read; and of several judges how far they agree.
    /// </summary>
    /// <param name="results">Results of one model and one strategy that have a score.</param>
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        return
        [
            new TaskFigure("total", results.Count == Count ? panel.RatingSum(results) : null),
            .. panel.Figures(results),
            .. JudgePanel.GroupFigures(results),
        ];
    }
}
