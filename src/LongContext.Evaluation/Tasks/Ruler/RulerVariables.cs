using System.Globalization;
using LongContext.Data;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>
/// Variable tracking (variable_tracking.py): a chain of five variables with one value among lines of noise, after a solved example of the same kind with names of three letters
/// in a text of up to 500 tokens.
/// </summary>
internal sealed class RulerVariables(int seed, bool solvedExample) : RulerGenerator
{
    private const int Variables = 5;
    private const int ExampleTokens = 500;
    private const string Before = "Memorize and track the chain(s) of variable assignment hidden in the following text.\n\n";

    public override int NewTokens => 30;

    public override string Identity => Settings.Text("vt", seed, solvedExample ? 1 : 0);

    public override IEnumerable<string> Deviations => TaskDeviations.Where(!solvedExample, "without the solved example");

    public override RulerDraft Make(RulerSize size, int index)
    {
        SplitMix64 random = new(seed, Number(size, index));
        RandomValues values = new(ValueSplit.Evaluation, random);
        Chain chain = new(values, 5), example = new(values, 3);
        string prefix = chain.AnswerPrefix, before = (solvedExample ? Solved(example, size) : "") + Before;
        using HaystackText noise = new(Haystack.Noise, Haystack.Noise.Pieces(random, null));
        HaystackFit fit = HaystackFit.Find(noise, size.Tokenizer, size.Length, size.Reserved, RulerSize.Tolerance, chain.Lines, text => before + text + chain.Question + prefix)
            ?? throw size.TooShort("The question with its example", before + noise.With(0, chain.Lines) + chain.Question + prefix);
        return new RulerDraft
        {
            Before = before,
            Context = fit.Text,
            After = chain.Question,
            AnswerPrefix = prefix,
            Answers = chain.Names,
            Tokens = fit.Tokens,
            Properties = new Dictionary<string, string>
            {
                ["value"] = chain.Value,
                ["depths"] = string.Join(' ', chain.Lines.Select(line => line.Depth.ToString("0.###", CultureInfo.InvariantCulture))),
            },
        };
    }

    /// <summary>The example with its answer. Of a short length it takes no more than a quarter, and of none more than its lines need.</summary>
    private static string Solved(Chain example, RulerSize size)
    {
        string answer = $"{example.AnswerPrefix} {string.Join(' ', example.Names)}\n\n";
        using HaystackText noise = new(Haystack.Noise, Haystack.Noise.Pieces(default, null));
        string Whole(int lines) => Before + noise.With(lines, example.Lines) + example.Question + answer;
        return PromptSizer.Largest(size.Tokenizer, Math.Min(ExampleTokens, size.Length / 4), 0, Whole, noise.TokensPerPiece(size.Tokenizer))?.Prompt ?? Whole(0);
    }

    /// <summary>A chain: each variable's line stands after that of the one it is assigned.</summary>
    private sealed class Chain
    {
        public Chain(RandomValues values, int letters)
        {
            Names = [.. Enumerable.Range(0, Variables).Select(_ => values.NextVariable(letters))];
            Value = values.NextFiveDigits();
            double[] depths = [.. Names.Select(_ => values.NextDouble()).Order()];
            // The script's lines end with a blank, but for the first.
            Lines = [.. Names.Select((name, i) => (i == 0 ? $"VAR {name} = {Value}" : $"VAR {name} = VAR {Names[i - 1]} ", depths[i]))];
        }

        public string[] Names { get; }

        public string Value { get; }

        public (string Text, double Depth)[] Lines { get; }

        public string Question => $"\nQuestion: Find all variables that are assigned the value {Value} in the text above.";

        public string AnswerPrefix =>
            $" Answer: According to the chain(s) of variable assignment in the text above, {Variables} variables are assigned the value {Value}, they are: ";
    }
}
