namespace LongContext.Data.Making;

/// <summary>One order of a format: what stands before, between and after the three parts.</summary>
internal sealed class FillInTheMiddleTemplate
{
    private const string PrefixPlace = "{prefix}", SuffixPlace = "{suffix}", MiddlePlace = "{middle}";

    private readonly string begin;
    private readonly string between;
    private readonly string beforeMiddle;
    private readonly bool suffixFirst;

    public FillInTheMiddleTemplate(string template)
    {
        int prefix = template.IndexOf(PrefixPlace, StringComparison.Ordinal), suffix = template.IndexOf(SuffixPlace, StringComparison.Ordinal);
        int middle = template.IndexOf(MiddlePlace, StringComparison.Ordinal);
        suffixFirst = suffix < prefix;
        int first = Math.Min(prefix, suffix), second = Math.Max(prefix, suffix);
        begin = template[..first];
        between = template[(first + PrefixPlace.Length)..second];
        beforeMiddle = template[(second + PrefixPlace.Length)..middle];
        End = template[(middle + MiddlePlace.Length)..];
    }

    /// <summary>Whether the middle follows the prefix with nothing between.</summary>
    public bool JoinsMiddle => suffixFirst && beforeMiddle.Length == 0;

    /// <summary>What comes after the middle.</summary>
    public string End { get; }

    public static string? Fault(string template)
    {
        foreach (string place in (string[])[PrefixPlace, SuffixPlace, MiddlePlace])
        {
            if (template.Split(place).Length != 2) return $"is \"{template}\", expected {place} in it exactly once";
        }

        int middle = template.IndexOf(MiddlePlace, StringComparison.Ordinal);
        return middle < template.IndexOf(PrefixPlace, StringComparison.Ordinal) || middle < template.IndexOf(SuffixPlace, StringComparison.Ordinal)
            ? $"is \"{template}\", expected {MiddlePlace} after the others"
            : string.IsNullOrWhiteSpace(new FillInTheMiddleTemplate(template).between) ? $"is \"{template}\", expected text between the first two places, not blanks alone, which any document has"
            : null;
    }

    /// <summary>The text up to where the middle begins.</summary>
    public string Before(string prefix, string suffix) =>
        string.Concat(begin, suffixFirst ? suffix : prefix, between, string.Concat(suffixFirst ? prefix : suffix, beforeMiddle));

    /// <summary>What stands around the parts, none of which may be in a document.</summary>
    public IEnumerable<string> Marks() => ((string[])[begin, between, beforeMiddle, End]).Where(mark => mark.Trim().Length > 0);

    /// <summary>The document, if this order made the text; the middle is what the text has after <see cref="Before"/>.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="middleStart">Where the middle begins, if that is known.</param>
    public string? Restore(string text, int? middleStart)
    {
        if (!text.StartsWith(begin, StringComparison.Ordinal) || !text.EndsWith(End, StringComparison.Ordinal)) return null;
        int border = text.IndexOf(between, begin.Length, StringComparison.Ordinal);
        if (border < 0) return null;
        string first = text[begin.Length..border];
        int rest = border + between.Length;
        if (JoinsMiddle) return text[rest..^End.Length] + first; // prefix and middle in a row
        int middle = middleStart ?? text.IndexOf(beforeMiddle, rest, StringComparison.Ordinal) + beforeMiddle.Length;
        if (middle - beforeMiddle.Length < rest || middle + End.Length > text.Length) return null;
        string second = text[rest..(middle - beforeMiddle.Length)], last = text[middle..^End.Length];
        return suffixFirst ? second + last + first : first + last + second;
    }
}
