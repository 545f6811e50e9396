using System.Text.RegularExpressions;

namespace LongContext.Adapters;

/// <summary>
/// A regular expression over module names that may come from a file: matched in time linear in the name where the expression
/// allows it, and otherwise (look-around, back-references) with a limit on time.
/// </summary>
internal sealed partial class NamePattern
{
    /// <summary>Real ones have some hundred characters.</summary>
    private const int MaximumLength = 10_000;

    /// <summary>What layers are looked for behind where no pattern is given.</summary>
    private const string AnyModule = "[^.]*";

    private const RegexOptions Plain = RegexOptions.CultureInvariant;

    /// <summary>Of the clock's time, of which a busy machine may give little: a match that needs no bound takes a thousandth of it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly string pattern;
    private readonly Regex regex;

    private NamePattern(string pattern, Regex regex) => (this.pattern, this.regex) = (pattern, regex);

    /// <summary>The whole of a name must match.</summary>
    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    public static NamePattern Whole(string pattern) => new(pattern, Make($@"\A(?:{Translate(pattern)})\z", pattern));

    /// <summary>The end of a name must match, from its beginning or a dot on.</summary>
    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    public static NamePattern End(string pattern) => new(pattern, Make($@"\A(?:.*\.)?(?:{Translate(pattern)})\z", pattern));

    /// <summary>The first number between dots that follows a part of the name matching the pattern.</summary>
    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    public static NamePattern Layer(string? pattern) =>
        new(pattern ?? AnyModule, Make($@"\A.*?\.(?:{Translate(pattern ?? AnyModule)})\.(?<layer>[0-9]+)\.", pattern ?? AnyModule));

    /// <summary>Why the pattern cannot be used; null if it can.</summary>
    public static string? WhyNot(string pattern)
    {
        try
        {
            Whole(pattern);
            return null;
        }
        catch (ArgumentException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>A pattern as Python writes it, with its named groups.</summary>
    public static string ForPython(string pattern) => NamedGroup().Replace(pattern, "$1(?P<");

    /// <exception cref="ArgumentException">Matching took longer than is allowed.</exception>
    public bool Matches(string name) => Match(name).Success;

    /// <summary>The layer's number in a name; null where there is none.</summary>
    /// <exception cref="ArgumentException">Matching took longer than is allowed.</exception>
    public int? LayerOf(string name) =>
        Match(name) is { Success: true } match && int.TryParse(match.Groups["layer"].ValueSpan, out int layer) ? layer : null;

    private Match Match(string name)
    {
        try
        {
            return regex.Match(name);
        }
        catch (RegexMatchTimeoutException)
        {
            throw new ArgumentException($"Pattern '{Shown(pattern)}' took longer than {Limit.TotalSeconds} s on the name '{name}'; write it without nested repetition.");
        }
    }

    private static Regex Make(string whole, string pattern)
    {
        if (pattern.Length > MaximumLength) throw new ArgumentException($"Pattern '{Shown(pattern)}' has {pattern.Length} characters, at most {MaximumLength} are read.");
        try
        {
            return new Regex(whole, Plain | RegexOptions.NonBacktracking, Limit);
        }
        catch (NotSupportedException)
        {
            return new Regex(whole, Plain, Limit);
        }
        catch (RegexParseException exception)
        {
            throw new ArgumentException($"Pattern '{Shown(pattern)}' is no regular expression: {exception.Message}", exception);
        }
    }

    /// <summary>Python's named groups, the one form of its expressions met in adapters that .NET writes in another way.</summary>
    private static string Translate(string pattern) => pattern.Replace("(?P<", "(?<", StringComparison.Ordinal);

    /// <summary>What opens a named group, and neither looks behind nor is a literal parenthesis.</summary>
    [GeneratedRegex(@"((?<!\\)(?:\\\\)*)\(\?<(?![=!])")]
    private static partial Regex NamedGroup();

    private static string Shown(string pattern) => pattern.Length <= 80 ? pattern : pattern[..80] + "…";
}
