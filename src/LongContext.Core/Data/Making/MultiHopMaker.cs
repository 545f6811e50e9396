using System.Globalization;
using LongContext.Data.Examples;

namespace LongContext.Data.Making;

/// <summary>Hides a chain in a long text, each link somewhere else, and asks where it leads.</summary>
/// <remarks>
/// Hsieh et al. 2024, "RULER" (arXiv 2404.06654), variable tracking: the lines of a chain come in their order, at random places, and so
/// do those of other chains. Facts come in any order, so that a reader must put them together.
/// </remarks>
public sealed class MultiHopMaker
{
    private readonly MultiHopOptions options;

    /// <summary>Makes a maker.</summary>
    /// <param name="options">The tokenizer, the length, and the chains.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public MultiHopMaker(MultiHopOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
    }

    internal string Identity => Settings.Text(
        "hops", options.Seed, Settings.Of(options.Tokenizer), options.MinimumTokens, options.MaximumTokens, options.AnswerTokens, options.Form, options.Hops, options.Chains,
        options.Haystack.Identity, options.Split, options.EffectiveTemplate, options.EffectivePrefix);

    /// <summary>Makes an example to learn from.</summary>
    /// <param name="number">The item's number; with the seed it decides everything.</param>
    /// <exception cref="ArgumentException">Question and chains alone are longer than the length drawn.</exception>
    public PromptExample Make(long number) => MakeItem(number).ToExample();

    /// <summary>The examples as a source.</summary>
    /// <param name="count">How many, or null (the default) for a source without end.</param>
    public IDataSource<PromptExample> ToSource(long? count = null) => DataSource.FromFunction(Make, count, Identity);

    /// <summary>Makes an item.</summary>
    /// <param name="number">The item's number; with the seed it decides everything that is not given.</param>
    /// <param name="tokenCount">Its length, or null (the default) to draw it; never exceeded, and missed by less than one more piece of the haystack.</param>
    /// <returns>The item; its depths are those of the chain's links in the chain's order. Properties: hops, chains, tokens.</returns>
    /// <exception cref="ArgumentException">Question and chains alone are longer than that.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A length below 1.</exception>
    public RetrievalItem MakeItem(long number, int? tokenCount = null)
    {
        if (tokenCount is { } length) ArgumentOutOfRangeException.ThrowIfLessThan(length, 1, nameof(tokenCount));
        SplitMix64 random = new(options.Seed, number);
        int target = tokenCount ?? TokenRange.Draw(options.MinimumTokens, options.MaximumTokens, ref random);
        SplitMix64 filler = new(random.Next());
        RandomValues values = new(options.Split, random);
        Chain[] chains = [.. Enumerable.Range(0, options.Chains).Select(_ => options.Form == MultiHopForm.Variables ? Variables(values) : Facts(values))];
        (string, double)[] hidden = [.. chains.SelectMany(chain => chain.Links.Zip(chain.Depths))];
        string count = chains[0].Answers.Count.ToString(CultureInfo.InvariantCulture), query = chains[0].Query;
        string completion = " " + string.Join(' ', chains[0].Answers) + (options.Form == MultiHopForm.Facts ? "." : "");
        string prefix = options.EffectivePrefix.Replace("{query}", query, StringComparison.Ordinal).Replace("{count}", count, StringComparison.Ordinal);
        using HaystackText text = new(options.Haystack, options.Haystack.Pieces(filler, null));
        string Question(int pieces) => PromptTemplate.Fill(options.EffectiveTemplate, text.With(pieces, hidden), ("{query}", query), ("{count}", count));
        PromptSizer.Sized sized = PromptSizer.Largest(
            options.Tokenizer, target - (options.AnswerTokens ?? 0), 0, pieces => Question(pieces) + prefix + (options.AnswerTokens is null ? completion : ""), text.TokensPerPiece(options.Tokenizer))
            ?? throw new ArgumentException($"The question and its {hidden.Length} links have more than {target} tokens; expected a length that holds them.", nameof(tokenCount));
        return new RetrievalItem
        {
            Question = Question(sized.Words),
            AnswerPrefix = prefix,
            Completion = completion,
            Answers = chains[0].Answers,
            Depths = chains[0].Depths,
            TokenCount = sized.Tokens + (options.AnswerTokens ?? 0),
            Properties = new Dictionary<string, string>
            {
                ["hops"] = options.Hops.ToString(CultureInfo.InvariantCulture),
                ["chains"] = options.Chains.ToString(CultureInfo.InvariantCulture),
                ["tokens"] = (sized.Tokens + (options.AnswerTokens ?? 0)).ToString(CultureInfo.InvariantCulture),
            },
        };
    }

    private Chain Variables(RandomValues values)
    {
        string[] names = [.. Enumerable.Range(0, options.Hops + 1).Select(_ => values.NextVariable())];
        string value = values.NextFiveDigits();
        string end = options.Haystack.Separator == "\n" ? "" : ".";
        string[] links = [$"VAR {names[0]} = {value}{end}", .. names.Skip(1).Select((name, i) => $"VAR {name} = VAR {names[i]}{end}")];
        double[] depths = [.. links.Select(_ => values.NextDouble()).Order()];
        return new Chain(value, names, links, depths);
    }

    private Chain Facts(RandomValues values)
    {
        string[] things = [.. Enumerable.Range(0, options.Hops + 1).Select(_ => values.Next(NeedleKind.Words).Replace('-', ' '))];
        string[] links = [.. Enumerable.Range(0, options.Hops).Select(i => $"The {things[i]} is inside the {things[i + 1]}.")];
        double[] depths = [.. links.Select(_ => values.NextDouble())];
        return new Chain(things[0], [things[^1]], links, depths);
    }

    private sealed record Chain(string Query, IReadOnlyList<string> Answers, string[] Links, double[] Depths);
}
