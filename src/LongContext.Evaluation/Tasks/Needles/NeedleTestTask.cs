using System.Globalization;
using LongContext.Data.Making;
using LongContext.Evaluation.Metrics;
using LongContext.Evaluation.Tasks.Judging;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>What <see cref="NeedleTask"/> and <see cref="MultiNeedleTask"/> share: a grid of depths and lengths.</summary>
public abstract class NeedleTestTask : AnswerTask, ISizedTask, IJudgedTask
{
    private const int Sample = 64; // words to guess from how many fit
    private const int MostMissingShare = 20; // of a length, which a prompt without the next word may be short of it

    private readonly NeedleTestOptions options;
    private readonly NeedleHaystack haystack;
    private readonly string[] needles, phrases;
    private readonly string after;

    private protected NeedleTestTask(NeedleTestOptions options)
    {
        options.Validate();
        this.options = options;
        Lengths = [.. options.Lengths];
        haystack = new NeedleHaystack(options.Haystack, options.Seed);
        needles = [.. options.HiddenTexts];
        phrases = [.. options.Phrases];
        after = "\n\n" + options.Question + options.Instruction;
        Identity = Settings.Text(
            Name, options.Seed, Lengths, options.Depths, options.ItemsPerCell, haystack.Identity, needles, options.Question, options.Instruction, options.System, options.RightAnswer, phrases,
            options.EffectiveScoring, options.Judge?.Identity, options.MaximumNewTokens, options.TemplateTokens);
    }

    /// <inheritdoc />
    public sealed override string Name => options.Name;

    /// <inheritdoc />
    public sealed override string Identity { get; }

    /// <inheritdoc />
    public sealed override IReadOnlyList<string> Deviations =>
    [
        .. TaskDeviations.Where(options.Haystack.Count == 0, "built-in sentences in place of the essays"),
        .. TaskDeviations.Where(options.HasOwnNeedle, "needle and question of the library's own"),
        .. TaskDeviations.Where(options.Judge is null, options.EffectiveScoring == NeedleScoring.RougeL ? "scored by ROUGE-L, not by a judge" : "scored by key phrases, not by a judge"),
        "text and question in one message",
        "answer and template count in the length",
    ];

    /// <inheritdoc />
    public sealed override int? ItemCount => Lengths.Count * options.Depths.Count * options.ItemsPerCell;

    /// <inheritdoc />
    public IReadOnlyList<int> Lengths { get; }

    IReadOnlyList<Judge> IJudgedTask.Judges => options.Judge is { } judge ? [judge] : [];

    int ISizedTask.TemplateTokens => options.TemplateTokens;

    /// <inheritdoc />
    /// <exception cref="ArgumentException">Needle and question alone are longer than a length, or the text has words too long to fill it; thrown when that item is reached.</exception>
    public sealed override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return Lengths.SelectMany(length => CreateItems(tokenizer, length));
    }

    /// <inheritdoc />
    public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return DepthOrder.Of(options.Depths.Count, options.ItemsPerCell).Select(cell => Create(tokenizer, length, options.Depths[cell.Depth], cell.Version));
    }

    /// <summary>Makes one item.</summary>
    /// <param name="tokenizer">Counts.</param>
    /// <param name="length">Tokens of prompt, system message, answer and what is kept free for a template.</param>
    /// <param name="depth">How deep the needle, or the first of several, is hidden, 0 to 1.</param>
    /// <param name="version">Its number among those of the same length and depth, from 0.</param>
    /// <exception cref="ArgumentException">Needle and question alone are longer than that, or the prompt would be more than a twentieth shorter, because the text's next word does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A length below 1, a negative number, or a depth outside 0 to 1.</exception>
    public EvaluationItem Create(Tokenizer tokenizer, int length, double depth, int version = 0)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        if (!(depth is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(depth), depth, "Expected 0 to 1.");
        int reserved = options.TemplateTokens + options.MaximumNewTokens + (options.System is null ? 0 : tokenizer.CountTokens(options.System)), most = length - reserved;
        (string, double)[] placed = [.. needles.Select((needle, i) => (needle, depth + (i * (1 - depth) / needles.Length)))];
        // The needles' places are found once the text's length is; where they stand changes it by a few tokens at most.
        (string, double)[] atTheEnd = [.. needles.Select(needle => (needle, 1.0))];
        NeedleHaystack.Growing text = haystack.Open(((long)length << 20) + version);
        PromptSizer.Sized sized = PromptSizer.Largest(
            tokenizer, most, 0, words => NeedlePlacing.Insert(tokenizer, text.Take(words), atTheEnd) + after, Math.Max(0.25, tokenizer.CountTokens(text.Take(Sample)) / (double)Sample), slack: length / 400)
            ?? throw LengthFault.Create(
                $"Needle and question have more than {most} tokens, which is what {reserved} for system message, template and answer leave of {length}; expected a length that holds them.",
                tokenizer.CountTokens(NeedlePlacing.Insert(tokenizer, text.Take(0), atTheEnd) + after) + reserved, nameof(length));
        for (int words = sized.Words; ; words--)
        {
            string context = NeedlePlacing.Insert(tokenizer, text.Take(words), placed);
            int tokens = tokenizer.CountTokens(context + after);
            if (tokens > most && words > 0) continue;
            if (most - tokens > Math.Max(length / MostMissingShare, 1))
                throw new ArgumentException($"A prompt of {length} tokens would have only {length - most + tokens}, because the haystack's next word does not fit: expected a text of shorter words, or longer lengths.", nameof(length));
            return Item(context, tokens, length, depth, version);
        }
    }

    /// <inheritdoc />
    public sealed override async ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default)
    {
        if (options.Judge is not { } judge) return await base.EvaluateAsync(item, session, cancellationToken).ConfigureAwait(false);
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(session);
        ModelResponse response = await session.AskAsync(item.Prompt, item.Settings, cancellationToken).ConfigureAwait(false);
        return await judge.ScoreAsync(item, response.Text, session, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The share of key phrases in an answer, or its ROUGE-L, as the options say; never by a judge. Details: phrases and rougeL, both.</summary>
    /// <param name="item">The item.</param>
    /// <param name="answer">What the model said.</param>
    public sealed override ItemScore Score(EvaluationItem item, string answer)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(answer);
        string lower = PythonText.ToLower(answer);
        double found = (double)phrases.Count(phrase => lower.Contains(PythonText.ToLower(phrase), StringComparison.Ordinal)) / phrases.Length;
        double rouge = GoogleRouge.Score(answer, options.RightAnswer).RougeL.F1;
        return new ItemScore(options.EffectiveScoring == NeedleScoring.KeyPhrases ? found : rouge) { Details = new Dictionary<string, double> { ["phrases"] = found, ["rougeL"] = rouge } };
    }

    /// <summary>The mean of all scores times 100, named score, then that of each length.</summary>
    /// <param name="results">Results of one model and one strategy that have a score.</param>
    public sealed override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results) => LengthFigures.Of(results);

    private EvaluationItem Item(string context, int tokens, int length, double depth, int version) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"{length}-{depth}-{version}"),
        Prompt = new EvaluationPrompt { System = options.System, Context = context, After = after, Query = options.Question },
        Answers = [options.RightAnswer],
        Settings = new AnswerSettings { MaximumNewTokens = options.MaximumNewTokens },
        PromptTokenCount = tokens,
        Length = length,
        Depth = depth,
        Group = length.ToString(CultureInfo.InvariantCulture),
        Properties = new Dictionary<string, string> { ["question"] = options.Question, ["version"] = version.ToString(CultureInfo.InvariantCulture) },
    };
}
