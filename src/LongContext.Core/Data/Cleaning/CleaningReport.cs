using System.Globalization;
using System.Text;
using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>Counts what filters leave out, by rule, with the first examples of each. May be filled by several threads and read at any time.</summary>
public sealed class CleaningReport
{
    private const int BeginningLength = 200;

    private readonly Lock filling = new();
    private readonly int firstExamples;
    private readonly Dictionary<string, (long Examples, long Characters, List<FilteredExample> First)> rules = [];
    private long examples, kept, characters, keptCharacters;

    /// <summary>Makes an empty report.</summary>
    /// <param name="firstExamples">Examples to keep of each rule, at least 0. Default 3.</param>
    /// <exception cref="ArgumentOutOfRangeException">Below 0.</exception>
    public CleaningReport(int firstExamples = 3)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstExamples);
        this.firstExamples = firstExamples;
    }

    /// <summary>Examples looked at.</summary>
    public long Examples => Read(ref examples);

    /// <summary>Of these, those that passed.</summary>
    public long Kept => Read(ref kept);

    /// <summary>Characters (UTF-16 units) of all examples.</summary>
    public long Characters => Read(ref characters);

    /// <summary>Characters of those that passed.</summary>
    public long KeptCharacters => Read(ref keptCharacters);

    /// <summary>The rules that left out something, the one that left out most first.</summary>
    public IReadOnlyList<CleaningRule> Rules
    {
        get
        {
            lock (filling)
            {
                return [.. rules.Select(rule => new CleaningRule(rule.Key, rule.Value.Examples, rule.Value.Characters, [.. rule.Value.First]))
                    .OrderByDescending(rule => rule.Examples).ThenBy(rule => rule.Rule, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Counts an example.</summary>
    /// <param name="example">The example.</param>
    /// <param name="fault">The rule it failed, or null where it passed.</param>
    public void Add(TrainingExample example, FilterFault? fault)
    {
        ArgumentNullException.ThrowIfNull(example);
        lock (filling)
        {
            examples++;
            characters += example.TextLength;
            if (fault is null)
            {
                kept++;
                keptCharacters += example.TextLength;
                return;
            }

            (long count, long length, List<FilteredExample> first) = rules.GetValueOrDefault(fault.Rule, (0, 0, []));
            if (first.Count < firstExamples) first.Add(new FilteredExample(example.Origin, fault, Beginning(ExampleTexts.Of(example))));
            rules[fault.Rule] = (count + 1, length + example.TextLength, first);
        }
    }

    /// <summary>A table of the rules, with the first examples.</summary>
    public string ToText()
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Kept:N0} of {Examples:N0} examples kept, {KeptCharacters:N0} of {Characters:N0} characters");
        foreach (CleaningRule rule in Rules)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{rule.Examples,12:N0}  {rule.Rule}");
            foreach (FilteredExample example in rule.First)
                text.AppendLine(CultureInfo.InvariantCulture, $"{"",14}{example.Origin?.ToString() ?? "made"}: {example.Fault}: {OneLine(example.Beginning)}");
        }

        return text.ToString();
    }

    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    private static string Beginning(string text)
    {
        if (text.Length <= BeginningLength) return text;
        return text[..(char.IsSurrogatePair(text[BeginningLength - 1], text[BeginningLength]) ? BeginningLength - 1 : BeginningLength)];
    }

    private long Read(ref long counter)
    {
        lock (filling) return counter;
    }
}
