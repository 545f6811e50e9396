using System.Text.RegularExpressions;

namespace LongContext.Evaluation.Metrics;

/// <summary>
/// Reads which of lettered choices an answer names, however the model says it. The library's own; benchmarks that prescribe how it is read have their own metrics.
/// </summary>
/// <remarks>
/// Looked for in this order, marks of Markdown and LaTeX aside: the answer is a letter alone ("B", "(b)", "B."); "the answer is B", "Answer: (B)" or \boxed{B},
/// the last of them; "option B" or "choice B", if it speaks of one alone; it begins with a letter and a mark behind it ("B) Rome", "(B) Rome", "B: Rome"); its last line is a letter alone; it is the text of a choice; it has the text of exactly one
/// choice in it. Inside sentences a letter must be a capital, and one that begins a word ("A city") is none.
/// </remarks>
public static partial class ChoiceLetter
{
    /// <summary>The most choices that have letters.</summary>
    public const int MaximumChoices = 26;

    /// <summary>The letter of the choice that an answer names, or null where it names none or several.</summary>
    /// <param name="answer">What the model said.</param>
    /// <param name="choices">The choices' texts, 1 to 26: A is the first.</param>
    /// <exception cref="ArgumentException">No choice, or more than there are letters.</exception>
    public static string? Read(string answer, IReadOnlyList<string> choices)
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(choices);
        if (choices.Count is < 1 or > MaximumChoices) throw new ArgumentException(FormattableString.Invariant($"There are {choices.Count} choices, expected 1 to {MaximumChoices}."), nameof(choices));
        string text = Words.Trim(Marks().Replace(answer, ""));
        return Alone(text) ?? Letters(Named(), text).LastOrDefault() ?? Only(Letters(Option(), text)) ?? Letters(Leading(), text).FirstOrDefault() ?? Alone(LastLine(text)) ?? OfText(text);

        IEnumerable<string> Letters(Regex pattern, string said) => pattern.Matches(said).Select(match => Known(match.Groups["letter"].Value)).OfType<string>();

        string? Known(string letter) => letter.Length == 1 && char.ToUpperInvariant(letter[0]) - 'A' is >= 0 and var index && index < choices.Count ? letter.ToUpperInvariant() : null;

        string? Alone(string line) => Known(Single().Match(line).Groups["letter"].Value);

        string? OfText(string said)
        {
            string[] normal = [.. choices.Select(Normal)];
            string whole = Normal(said);
            int[] found = [.. Enumerable.Range(0, normal.Length).Where(i => normal[i].Length > 0 && normal[i] == whole)];
            if (found.Length == 0) found = [.. Enumerable.Range(0, normal.Length).Where(i => normal[i].Length > 0 && HasWords(whole, normal[i]))];
            // "New York City" has "York" in it, which then nobody named.
            int[] outer = [.. found.Where(i => !found.Any(other => normal[other].Length > normal[i].Length && HasWords(normal[other], normal[i])))];
            return outer.Length == 1 ? Of(outer[0]) : null;
        }
    }

    /// <summary>The letter of a choice.</summary>
    /// <param name="index">The choice, 0 to 25.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no letter for it.</exception>
    public static string Of(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, MaximumChoices);
        return ((char)('A' + index)).ToString();
    }

    private static string? Only(IEnumerable<string> letters) => letters.Distinct().Take(2).ToArray() is [var only] ? only : null;

    private static string LastLine(string text) => Words.Trim(text[(text.LastIndexOf('\n') + 1)..]);

    private static bool HasWords(string text, string words) => $" {text} ".Contains($" {words} ", StringComparison.Ordinal);

    private static string Normal(string text) => SquadNormalization.Normalize(text, WordCharacters.PythonRe);

    [GeneratedRegex(@"[*`$]|\\boxed(?=\{)|\\text(?=\{)")]
    private static partial Regex Marks();

    [GeneratedRegex(@"^[(\[{""']*(?<letter>[A-Za-z])[)\]}""'.:,]*$")]
    private static partial Regex Single();

    // A capital A or I that begins a sentence's word ("Answer: A city of ...") is none, but "A because ..." is.
    [GeneratedRegex(@"(?i:\b(?:answer|choice|option)\s+(?:is|would\s+be|should\s+be)\b|\banswer\b)\s*[:=]?\s*(?i:(?:the\s+)?(?:answer|choice|option)\s+)?[(\[{""']*(?<letter>[A-Z])(?![\w'’]|(?<=[AI])\s+(?!because|since|as\b|is\b|and\b|for\b)[a-z])|\{(?<letter>[A-Z])\}")]
    private static partial Regex Named();

    [GeneratedRegex(@"(?i:\b(?:choice|option)\b)\s*[:=]?\s*[(\[{""']*(?<letter>[A-Z])(?![\w'’])")]
    private static partial Regex Option();

    [GeneratedRegex(@"^(?:[(\[](?<letter>[A-Za-z])[)\]]|(?<letter>[A-Z])[).:\]](?=\s|$)|(?<letter>[A-Z])[ \t]*\n)")]
    private static partial Regex Leading();
}
