using System.Globalization;
using LongContext.Data;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>
/// Questions about people who do not exist, for those who have no files of questions: one passage answers, or (twoSteps) one names a company and another says where it was founded.
/// </summary>
internal sealed class RulerMadeUpQuestions(int seed, bool twoSteps) : RulerQuestions
{
    private static readonly string[] Onsets = ["b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "dr", "gr", "kr", "tr", "st", "pl"];
    private static readonly string[] Vowels = ["a", "e", "i", "o", "u"];
    private static readonly string[] Ends = ["n", "l", "r", "s", "x", "m", "th"];
    private static readonly string[] Trades = ["baker", "carpenter", "clockmaker", "gardener", "glazier", "mason", "miller", "painter", "potter", "printer", "saddler", "weaver"];

    public override int Count => int.MaxValue;

    public override string Identity => Settings.Text("made-up questions", seed, twoSteps ? 2 : 1);

    public override RulerQuestion Get(int index)
    {
        SplitMix64 random = new(seed, index);
        if (twoSteps)
        {
            string person = Person(ref random), company = Name(ref random), town = Name(ref random);
            return new($"In which town was the company founded that {person} works for?", [town], [Worker(person, company, ref random), Company(company, town, ref random)], person);
        }

        string name = Person(ref random), birthplace = Name(ref random), teacher = Person(ref random), home = Name(ref random), passage = Life(name, birthplace, teacher, home, ref random);
        return random.NextInt(3) switch
        {
            0 => new($"In which town was {name} born?", [birthplace], [passage], name),
            1 => new($"From whom did {name} learn a trade?", [teacher], [passage], name),
            _ => new($"To which town did {name} move?", [home], [passage], name),
        };
    }

    public override IEnumerable<string> Distractors(RulerQuestion question, int index, SplitMix64 random)
    {
        for (int i = 0; ; i++)
        {
            string document = !twoSteps ? Life(Person(ref random), Name(ref random), Person(ref random), Name(ref random), ref random)
                : i % 2 == 0 ? Worker(Person(ref random), Name(ref random), ref random) : Company(Name(ref random), Name(ref random), ref random);
            if (!HoldsAnswer(document, question) && !Holds(document, question.Subject)) yield return document;
        }
    }

    private static string Life(string name, string birthplace, string teacher, string home, ref SplitMix64 random) => With(string.Create(CultureInfo.InvariantCulture,
        $"{name} was born in {birthplace}, a town of {1_000 + random.NextInt(90_000)} people. {name} learned the trade of a {Trades[random.NextInt(Trades.Length)]} from {teacher}, moved to {home} after {2 + random.NextInt(20)} years, and stayed there."),
        ref random);

    private static string Worker(string name, string company, ref SplitMix64 random) => name + "\n" + With(string.Create(CultureInfo.InvariantCulture,
        $"{name} is a {Trades[random.NextInt(Trades.Length)]} and has worked for the {company} company for {2 + random.NextInt(20)} years."), ref random);

    private static string Company(string company, string town, ref SplitMix64 random) => company + "\n" + With(string.Create(CultureInfo.InvariantCulture,
        $"The {company} company was founded in {town} in the year {1_700 + random.NextInt(300)}."), ref random);

    /// <summary>Some sentences that say nothing more, before and after.</summary>
    private static string With(string facts, ref SplitMix64 random)
    {
        List<string> sentences = [facts];
        for (int i = 2 + random.NextInt(6); i > 0; i--) sentences.Insert(random.NextInt(2) * sentences.Count, PlainSentences.All[random.NextInt(PlainSentences.All.Count)]);
        return string.Join(' ', sentences);
    }

    private static string Person(ref SplitMix64 random) => Name(ref random) + " " + Name(ref random);

    private static string Name(ref SplitMix64 random)
    {
        string name = "";
        for (int i = 0; i < 3; i++) name += Onsets[random.NextInt(Onsets.Length)] + Vowels[random.NextInt(Vowels.Length)];
        name += Ends[random.NextInt(Ends.Length)];
        return char.ToUpperInvariant(name[0]) + name[1..];
    }
}
