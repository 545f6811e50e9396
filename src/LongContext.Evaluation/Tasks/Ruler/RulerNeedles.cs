using System.Globalization;
using LongContext.Data;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>The eight needle tasks (niah.py): what is hidden, in what, and what is asked for.</summary>
internal sealed class RulerNeedles(Haystack haystack, string haystackName, bool isLines, int seed) : RulerGenerator
{
    public NeedleKind KeyKind { get; init; } = NeedleKind.Words;

    public NeedleKind ValueKind { get; init; } = NeedleKind.Numbers;

    public int Keys { get; init; } = 1;

    public int ValuesPerKey { get; init; } = 1;

    public int Queries { get; init; } = 1;

    public override int NewTokens => 128;

    public override string Identity => Settings.Text("niah", seed, haystack.Identity, KeyKind, ValueKind, Keys, ValuesPerKey, Queries);

    public override IEnumerable<string> Deviations =>
    [
        .. TaskDeviations.Where(haystack == Haystack.PlainSentences, "built-in sentences in place of the essays"),
        .. TaskDeviations.Where(KeyKind == NeedleKind.Words, "keys of the library's own words"),
    ];

    public override RulerDraft Make(RulerSize size, int index)
    {
        long number = Number(size, index);
        NeedleMaker maker = new(new NeedleOptions
        {
            Tokenizer = size.Tokenizer,
            AnswerTokens = size.Reserved,
            Haystack = haystack,
            KeyCount = Keys,
            ValuesPerKey = ValuesPerKey,
            QueryCount = Queries,
            KeyKind = KeyKind,
            ValueKind = ValueKind,
            Split = ValueSplit.Evaluation,
            Seed = seed,
            LengthTolerance = RulerSize.Tolerance,
        });
        // Among repeated lines the script puts a needle anywhere, among essays at one of forty depths, as the maker does.
        RetrievalItem item = maker.MakeItem(number, size.Length, isLines ? new SplitMix64(~(long)seed, number).NextDouble() : null);
        return new RulerDraft
        {
            Before = item.Question[..item.Context.Start.Value],
            Context = item.Question[item.Context],
            After = item.Question[item.Context.End.Value..],
            AnswerPrefix = item.AnswerPrefix,
            Answers = item.Answers,
            Tokens = item.TokenCount - size.Reserved,
            Depth = item.Depths.Count == 1 ? item.Depths[0] : null,
            Properties = new Dictionary<string, string>
            {
                ["haystack"] = haystackName,
                ["depths"] = string.Join(' ', item.Depths.Select(depth => depth.ToString("0.###", CultureInfo.InvariantCulture))),
            },
        };
    }
}
