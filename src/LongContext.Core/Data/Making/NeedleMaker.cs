using System.Globalization;
using LongContext.Data.Examples;

namespace LongContext.Data.Making;

/// <summary>Hides values under keys in a long text and asks for some of them: one or many keys, values and queries.</summary>
/// <remarks>
/// Hsieh et al. 2024, "RULER: What's the Real Context Size of Your Long-Context Language Models?" (arXiv 2404.06654), whose needles, questions and depths among
/// essays are the defaults: needles in random order, their places ⌊m·depth⌋ of m sentences (there any places among repeated lines). Unlike there, no key and no
/// value comes twice in an item.
/// </remarks>
public sealed class NeedleMaker
{
    private const int DepthSteps = 40;

    private readonly NeedleOptions options;

    /// <summary>Makes a maker.</summary>
    /// <param name="options">The tokenizer, the length, and what is hidden.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public NeedleMaker(NeedleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
    }

    internal string Identity => Settings.Text(
        "needles", options.Seed, Settings.Of(options.Tokenizer), options.MinimumTokens, options.MaximumTokens, options.AnswerTokens, options.Haystack.Identity, options.KeyCount,
        options.ValuesPerKey, options.QueryCount, options.KeyKind, options.ValueKind, options.Depth, options.Split, options.Needle, options.SingularTemplate, options.PluralTemplate,
        options.SingularPrefix, options.PluralPrefix);

    /// <summary>Makes an example to learn from.</summary>
    /// <param name="number">The item's number; with the seed it decides everything.</param>
    /// <exception cref="ArgumentException">Question and needles alone are longer than the length drawn.</exception>
    public PromptExample Make(long number) => MakeItem(number).ToExample();

    /// <summary>The examples as a source.</summary>
    /// <param name="count">How many, or null (the default) for a source without end.</param>
    public IDataSource<PromptExample> ToSource(long? count = null) => DataSource.FromFunction(Make, count, Identity);

    /// <summary>Makes an item.</summary>
    /// <param name="number">The item's number; with the seed it decides everything that is not given.</param>
    /// <param name="tokenCount">Its length, or null (the default) to draw it; never exceeded, and missed by less than one more piece of the haystack.</param>
    /// <param name="depth">How deep the first value that is asked for is hidden, or null (the default) for what the options say.</param>
    /// <returns>The item. Properties: depth, tokens, needles.</returns>
    /// <exception cref="ArgumentException">Question and needles alone are longer than that.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A depth outside 0 to 1, or a length below 1.</exception>
    public RetrievalItem MakeItem(long number, int? tokenCount = null, double? depth = null)
    {
        if (depth is { } given && !(given is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(depth), depth, "Expected 0 to 1.");
        if (tokenCount is { } length) ArgumentOutOfRangeException.ThrowIfLessThan(length, 1, nameof(tokenCount));
        SplitMix64 random = new(options.Seed, number);
        int target = tokenCount ?? TokenRange.Draw(options.MinimumTokens, options.MaximumTokens, ref random);
        SplitMix64 filler = new(random.Next());
        RandomValues values = new(options.Split, random);

        string[] keys = [.. Enumerable.Range(0, options.KeyCount).Select(_ => values.Next(options.KeyKind))];
        string[] hidden = [.. Enumerable.Range(0, options.KeyCount * options.ValuesPerKey).Select(_ => values.Next(options.ValueKind))];
        int[] asked = [.. Enumerable.Range(0, options.KeyCount)];
        values.Shuffle(asked.AsSpan());
        asked = asked[..options.QueryCount];
        int first = asked[0] * options.ValuesPerKey;
        double[] depths = Depths(values, hidden.Length, first, depth ?? options.Depth);
        (string, double)[] needles = [.. hidden.Select((value, i) => (Needle(keys[i / options.ValuesPerKey], value), depths[i]))];

        int[] answers = [.. asked.SelectMany(key => Enumerable.Range(key * options.ValuesPerKey, options.ValuesPerKey))];
        string query = Listed([.. asked.Select(key => keys[key])]);
        string completion = " " + Listed([.. answers.Select(i => hidden[i])]) + ".", prefix = Prefix(query, answers.Length);
        RandomValues others = new(values, options.Split, new SplitMix64(filler.Next()));
        using HaystackText text = new(options.Haystack, options.Haystack.Pieces(filler, () => Needle(others.Next(options.KeyKind), others.Next(options.ValueKind))));
        (string before, string after) = Around(query, answers.Length);
        string Whole(string context) => before + context + after + prefix + (options.AnswerTokens is null ? completion : "");
        HaystackFit? fit = HaystackFit.Find(text, options.Tokenizer, target, options.AnswerTokens ?? 0, options.LengthTolerance, needles, Whole);
        if (fit is null)
        {
            throw LengthFault.Create(
                $"The question and its {needles.Length} needles have more than {target} tokens; expected a length that holds them.",
                options.Tokenizer.CountTokens(Whole(text.With(0, needles))) + (options.AnswerTokens ?? 0), nameof(tokenCount));
        }

        return new RetrievalItem
        {
            Question = before + fit.Text + after,
            Context = before.Length..(before.Length + fit.Text.Length),
            AnswerPrefix = prefix,
            Completion = completion,
            Answers = [.. answers.Select(i => hidden[i])],
            Depths = [.. answers.Select(i => depths[i])],
            TokenCount = fit.Tokens + (options.AnswerTokens ?? 0),
            Properties = new Dictionary<string, string>
            {
                ["depth"] = depths[first].ToString("0.###", CultureInfo.InvariantCulture),
                ["tokens"] = (fit.Tokens + (options.AnswerTokens ?? 0)).ToString(CultureInfo.InvariantCulture),
                ["needles"] = needles.Length.ToString(CultureInfo.InvariantCulture),
            },
        };
    }

    private static double[] Depths(RandomValues values, int count, int first, double? depth)
    {
        double[] steps = [.. Enumerable.Range(0, DepthSteps).Select(i => Math.Round(100.0 * i / (DepthSteps - 1)) / 100)];
        values.Shuffle(steps.AsSpan());
        double[] depths = [.. Enumerable.Range(0, count).Select(i => count <= DepthSteps ? steps[i] : values.NextDouble())];
        if (depth is { } given) depths[first] = given;
        return depths;
    }

    private string Needle(string key, string value) => options.Needle
        .Replace("{kind}", Kind(plural: true), StringComparison.Ordinal).Replace("{key}", key, StringComparison.Ordinal).Replace("{value}", value, StringComparison.Ordinal);

    private (string Before, string After) Around(string query, int answers) => PromptTemplate.Around(
        answers == 1 ? options.SingularTemplate : options.PluralTemplate, ("{kind}", Kind(answers > 1)), ("{query}", query));

    private string Prefix(string query, int answers) => (answers == 1 ? options.SingularPrefix : options.PluralPrefix)
        .Replace("{kind}", Kind(answers > 1), StringComparison.Ordinal).Replace("{query}", query, StringComparison.Ordinal);

    private string Kind(bool plural)
    {
        string kind = options.ValueKind.ToString().ToLowerInvariant();
        return plural ? kind : kind[..^1];
    }

    /// <summary>As RULER lists: "a", "a, and b", "a, b, and c".</summary>
    private static string Listed(string[] items) => items.Length == 1 ? items[0] : string.Join(", ", items[..^1]) + ", and " + items[^1];
}
