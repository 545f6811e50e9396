using System.Globalization;
using LongContext.Evaluation.Metrics;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>Lets a model choose among given answers by how likely each is to it: nothing is generated.</summary>
/// <remarks>
/// <para>As the multiple-choice tasks of lm-evaluation-harness: the prompt and the whole are encoded, and what the whole has more is the choice's tokens; white space at the prompt's end
/// counts with the choice. The first of the likeliest choices is the model's. Right is a choice that is one of the item's answers, or whose letter is (A for the first).</para>
/// <para>It needs a client that scores text (<see cref="ITokenScorer"/>), for example this library's own models. One that is an
/// <see cref="ISharedPrefixScorer"/> reads the prompt once for all choices. The strategies of a run do not apply, and it is evaluated once, whatever there are; a prompt that does not fit is cut as its
/// <see cref="EvaluationPrompt.Truncation"/> says.</para>
/// <para>Details of a score: acc, acc_norm, acc_bytes, acc_tokens and, where it was computed, acc_mutual_info (0 or 1 each); chosen (the choice's number from
/// 0); logprob[i] and tokens[i] of each choice, and unconditional[i].</para>
/// </remarks>
public class ChoiceTask : EvaluationTask
{
    private readonly Func<Tokenizer, IEnumerable<EvaluationItem>> create;
    private readonly ChoiceTaskOptions options;

    /// <summary>A task of items that are there.</summary>
    /// <param name="name">Its name in reports.</param>
    /// <param name="items">Items with choices, at least one, one of the choices an answer.</param>
    /// <param name="options">Null for all defaults.</param>
    /// <exception cref="ArgumentException">No item, an item without choices or whose answers are none of them, or an option that cannot be used.</exception>
    public ChoiceTask(string name, IReadOnlyList<EvaluationItem> items, ChoiceTaskOptions? options = null)
        : this(name, ItemsIdentity.Of(items), _ => items, items.Count, options)
    {
        if (items.Count == 0) throw new ArgumentException($"The task \"{name}\" has no item, expected at least one.", nameof(items));
        foreach (EvaluationItem item in items) RightChoices(item);
    }

    private protected ChoiceTask(EvaluationTask source, ChoiceTaskOptions? options)
        : this(source.Name + "/likelihood", source.Identity, source.CreateItems, source.ItemCount, options) =>
        Deviations = [.. source.Deviations, "choices by likelihood in place of answers"];

    private ChoiceTask(string name, string identity, Func<Tokenizer, IEnumerable<EvaluationItem>> create, int? count, ChoiceTaskOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        this.options = options ?? new ChoiceTaskOptions();
        this.options.Validate();
        this.create = create;
        Name = name;
        ItemCount = count;
        Identity = string.Create(
            CultureInfo.InvariantCulture,
            $"choices by likelihood; {this.options.Normalization}; unconditional {Unconditional}; delimiter \"{this.options.Delimiter ?? "(default)"}\"; " +
            $"template {this.options.UsesChatTemplate}; beginning {this.options.AddsBeginningOfSentence}; {identity}");
    }

    /// <inheritdoc />
    public override string Name { get; }

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override IReadOnlyList<string> Deviations { get; } = [];

    /// <inheritdoc />
    public override int? ItemCount { get; }

    /// <summary>False: nothing is generated, and the text is scored as it is.</summary>
    public override bool UsesStrategies => false;

    private bool Unconditional => options.ScoresUnconditionally || options.Normalization == ChoiceNormalization.Unconditional;

    /// <summary>Another task's items, answered by likelihood instead of by what the model says.</summary>
    /// <param name="task">A task whose items have choices. The name becomes its name and "/likelihood".</param>
    /// <param name="options">Null for all defaults.</param>
    /// <returns>A task that is an <see cref="ISizedTask"/> where that one is.</returns>
    /// <exception cref="ArgumentException">An option cannot be used.</exception>
    public static ChoiceTask Over(EvaluationTask task, ChoiceTaskOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task is ISizedTask sized ? new SizedChoiceTask(task, sized, options) : new ChoiceTask(task, options);
    }

    /// <inheritdoc />
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return create(tokenizer);
    }

    /// <inheritdoc />
    /// <exception cref="NotSupportedException">The model's client scores no text, or does not know its chat template where that is asked for.</exception>
    /// <exception cref="ArgumentException">The item has no choices, or none of them is an answer.</exception>
    /// <exception cref="PromptTooLongException">The prompt does not fit into the model's window and may not be cut.</exception>
    public override async ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(session);
        IReadOnlySet<int> right = RightChoices(item);
        ITokenScorer scorer = Scorers.Of(session.Model);
        ChoiceEncoding encoding = ChoiceEncoding.Of(item, session.Model, scorer, options);
        List<ChoiceScore> scores = [];
        IReadOnlyList<IReadOnlyList<float>> given = await ScoreAsync(scorer, encoding.Context, encoding.Continuations, cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < given.Count; i++) scores.Add(new ChoiceScore(item.Choices[i], Sum(given[i]), given[i].Count));
        if (Unconditional)
        {
            for (int i = 0; i < scores.Count; i++)
            {
                (int[] context, int[] choice) = ChoiceEncoding.Alone(scorer, encoding.Delimiter + item.Choices[i]);
                given = await ScoreAsync(scorer, context, [choice], cancellationToken).ConfigureAwait(false);
                scores[i] = scores[i] with { Unconditional = Sum(given[0]) };
            }
        }

        return Score(item, right, scores);
    }

    /// <summary>The share of right choices in percent: acc, acc_norm, acc_bytes, acc_tokens and, where it was computed, acc_mutual_info, by each normalisation.</summary>
    /// <param name="results">Results of one model and one strategy that have a score.</param>
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        return
        [
            .. ChoiceScore.Names.Where(pair => pair.Key != ChoiceNormalization.Unconditional || Unconditional)
                .Select(pair => new TaskFigure(pair.Value, results.Count == 0 ? null : 100 * results.Average(result => result.Details[pair.Value]))),
        ];
    }

    private ItemScore Score(EvaluationItem item, IReadOnlySet<int> right, List<ChoiceScore> scores)
    {
        Dictionary<string, double> details = [];
        int chosen = 0;
        double score = 0;
        foreach ((ChoiceNormalization normalization, string name) in ChoiceScore.Names)
        {
            if (normalization == ChoiceNormalization.Unconditional && !Unconditional) continue;
            int best = ChoiceScore.Likeliest(scores, normalization);
            details[name] = right.Contains(best) ? 1 : 0;
            if (normalization == options.Normalization) (chosen, score) = (best, details[name]);
        }

        details["chosen"] = chosen;
        for (int i = 0; i < scores.Count; i++)
        {
            string number = string.Create(CultureInfo.InvariantCulture, $"[{i}]");
            details["logprob" + number] = scores[i].LogLikelihood;
            details["tokens" + number] = scores[i].Tokens;
            if (scores[i].Unconditional is { } alone) details["unconditional" + number] = alone;
        }

        return new ItemScore(score) { Details = details, Judged = item.Choices[chosen] };
    }

    private static async ValueTask<IReadOnlyList<IReadOnlyList<float>>> ScoreAsync(
        ITokenScorer scorer, int[] context, IReadOnlyList<int[]> continuations, CancellationToken cancellationToken)
    {
        if (scorer is ISharedPrefixScorer shared && continuations.Count > 1)
        {
            ReadOnlyMemory<int>[] parts = [.. continuations.Select(part => (ReadOnlyMemory<int>)part)];
            return await shared.LogProbabilitiesAsync(context, parts, cancellationToken).ConfigureAwait(false);
        }

        List<IReadOnlyList<float>> all = [];
        foreach (int[] continuation in continuations)
            all.Add(await scorer.LogProbabilitiesAsync((int[])[.. context, .. continuation], context.Length, cancellationToken).ConfigureAwait(false));
        return all;
    }

    private static double Sum(IReadOnlyList<float> values)
    {
        double sum = 0;
        foreach (float value in values) sum += value;
        return sum;
    }

    private static HashSet<int> RightChoices(EvaluationItem item)
    {
        if (item.Choices.Count == 0) throw new ArgumentException($"The item \"{item.Id}\" has no choices, expected at least two.", nameof(item));
        HashSet<int> right = [.. Enumerable.Range(0, item.Choices.Count).Where(i => item.Answers.Contains(item.Choices[i], StringComparer.Ordinal))];
        // Tasks that ask for a letter have letters for answers.
        HashSet<int> named = [.. Enumerable.Range(0, Math.Min(item.Choices.Count, ChoiceLetter.MaximumChoices)).Where(i => item.Answers.Contains(ChoiceLetter.Of(i), StringComparer.OrdinalIgnoreCase))];
        if (right.Count > 0 && named.Count > 0 && !right.SetEquals(named))
        {
            throw new ArgumentException(
                $"The item \"{item.Id}\" has the answers [{string.Join(", ", item.Answers)}], which are choices by their text and others by their letter: [{string.Join(", ", item.Choices)}].", nameof(item));
        }

        if (right.Count == 0) right = named;
        return right.Count > 0 ? right : throw new ArgumentException(
            $"The item \"{item.Id}\" has the answers [{string.Join(", ", item.Answers)}], none of which is among its choices [{string.Join(", ", item.Choices)}].", nameof(item));
    }
}
