using System.Globalization;
using LongContext.Evaluation.Tasks;
using LongContext.Generation;
using LongContext.Models;
using Microsoft.ML.Tokenizers;

namespace LongContext.Training.Evaluations;

/// <summary>
/// Lets the model under training answer a task's items and scores the answers: <c>score</c> is the mean over all, <c>score@4096</c> over
/// a group of items. Primary: 1 − score.
/// </summary>
public sealed class TaskEvaluation : ITrainingEvaluation
{
    /// <summary>Tokens that an answer may be longer than the right one, where no options are given.</summary>
    private const int SpareTokens = 8;

    private readonly Tokenizer tokenizer;
    private readonly (EvaluationItem Item, string? Group)[] items;
    private readonly Func<EvaluationItem, string, double> score;
    private readonly GenerationOptions? generation;

    /// <summary>An evaluation of items that are there already.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="items">What to ask; at least one.</param>
    /// <param name="score">Item and the model's text to a score, the higher the better; for example <see cref="PasskeyTask.FirstNumberScore"/>.</param>
    /// <param name="group">Names the group that an item belongs to, for example its length; null (the default) for no groups.</param>
    /// <param name="generation">How to generate; null (the default): greedily, up to 8 tokens more than the item's answer has.</param>
    /// <exception cref="ArgumentException">There is no item.</exception>
    public TaskEvaluation(
        string name, Tokenizer tokenizer, IReadOnlyList<EvaluationItem> items, Func<EvaluationItem, string, double> score,
        Func<EvaluationItem, string>? group = null, GenerationOptions? generation = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(score);
        if (items.Count == 0) throw new ArgumentException($"The evaluation '{name}' has no item, expected at least one.", nameof(items));
        Name = name;
        this.tokenizer = tokenizer;
        this.items = [.. items.Select(item => (item, group?.Invoke(item)))];
        this.score = score;
        this.generation = generation;
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <summary>Passkey retrieval at lengths and depths, grouped by length.</summary>
    /// <param name="task">How to ask.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="lengths">Lengths of the prompts in tokens.</param>
    /// <param name="depths">Where the key stands, 0 to 1; one item for each length and depth.</param>
    /// <param name="seed">The same seed makes the same items.</param>
    /// <exception cref="ArgumentException">A prompt cannot be as short as that, or there is no length or depth.</exception>
    public static TaskEvaluation Passkey(PasskeyTask task, Tokenizer tokenizer, IReadOnlyList<int> lengths, IReadOnlyList<double> depths, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(depths);
        return ByLength("passkey", tokenizer, lengths, depths.Count, PasskeyTask.FirstNumberScore, (length, number) => task.Create(tokenizer, length, depths[number], unchecked(seed + number)));
    }

    /// <summary>Repetition of words at lengths, grouped by length; scored by whole words.</summary>
    /// <param name="task">How to ask.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="lengths">Lengths of the prompts in tokens.</param>
    /// <param name="itemsPerLength">Items of each length. Default 4.</param>
    /// <param name="seed">The same seed makes the same items.</param>
    /// <exception cref="ArgumentException">A prompt cannot be as short as that, or there is no length.</exception>
    public static TaskEvaluation Repetition(RepetitionTask task, Tokenizer tokenizer, IReadOnlyList<int> lengths, int itemsPerLength = 4, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(task);
        return ByLength("repetition", tokenizer, lengths, itemsPerLength, RepetitionTask.WordScore, (length, number) => task.Create(tokenizer, length, unchecked(seed + number)));
    }

    /// <inheritdoc />
    public EvaluationResult Evaluate(CausalLanguageModel model, CancellationToken cancellationToken)
    {
        var generator = new TextGenerator(model);
        var scores = new double[items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            EvaluationItem item = items[i].Item;
            GenerationOptions options = generation ?? new GenerationOptions { MaximumNewTokens = tokenizer.CountTokens(item.Answer) + SpareTokens };
            scores[i] = score(item, generator.GenerateText(tokenizer, item.Prompt.Text, options, cancellationToken));
        }

        double mean = scores.Average();
        IEnumerable<KeyValuePair<string, double>> groups = items.Zip(scores).Where(scored => scored.First.Group is not null)
            .GroupBy(scored => scored.First.Group!, StringComparer.Ordinal)
            .Select(group => KeyValuePair.Create("score@" + group.Key, group.Average(scored => scored.Second)));
        return new EvaluationResult { Values = [KeyValuePair.Create("score", mean), .. groups], Primary = 1 - mean };
    }

    private static TaskEvaluation ByLength(
        string name, Tokenizer tokenizer, IReadOnlyList<int> lengths, int count, Func<EvaluationItem, string, double> score, Func<int, int, EvaluationItem> create)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        List<EvaluationItem> items = [];
        var groups = new Dictionary<EvaluationItem, string>(ReferenceEqualityComparer.Instance);
        foreach (int length in lengths)
        {
            for (int number = 0; number < count; number++)
            {
                EvaluationItem item = create(length, number);
                items.Add(item);
                groups.Add(item, length.ToString(CultureInfo.InvariantCulture));
            }
        }

        return new TaskEvaluation(name, tokenizer, items, score, item => groups[item]);
    }
}
