using System.Globalization;

namespace LongContext.Data.Making;

/// <summary>A text with a number in it, such as &lt;extra_id_{n}&gt;.</summary>
internal sealed class NumberedText
{
    public const string Place = "{n}";

    private readonly string before;
    private readonly string after;

    public NumberedText(string template)
    {
        int place = template.IndexOf(Place, StringComparison.Ordinal);
        before = template[..place];
        after = template[(place + Place.Length)..];
    }

    /// <summary>What is wrong with a template, or null: it must have its place once, something before it, and no digit next to it.</summary>
    public static string? Fault(string? template) =>
        template is null ? "is null"
        : template.Split(Place) is not [{ Length: > 0 } before, var after] ? $"is \"{template}\", expected {Place} in it exactly once and text before it"
        : char.IsAsciiDigit(before[^1]) || (after.Length > 0 && char.IsAsciiDigit(after[0])) ? $"is \"{template}\", expected no digit beside {Place}"
        : after.Length == 0 ? $"is \"{template}\", expected text after {Place}"
        : null;

    public string With(int number) => string.Concat(before, number.ToString(CultureInfo.InvariantCulture), after);

    /// <summary>Whether a text holds it, with any number.</summary>
    public bool IsIn(string text)
    {
        for (int at = text.IndexOf(before, StringComparison.Ordinal); at >= 0; at = text.IndexOf(before, at + 1, StringComparison.Ordinal))
        {
            ReadOnlySpan<char> rest = text.AsSpan(at + before.Length);
            int digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits > 0 && rest[digits..].StartsWith(after, StringComparison.Ordinal)) return true;
        }

        return false;
    }
}
