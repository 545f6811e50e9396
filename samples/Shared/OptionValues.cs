using System.CommandLine;

namespace LongContext.Samples.Shared;

/// <summary>Numbers of the command line that have a range.</summary>
internal static class OptionValues
{
    /// <summary>An option's value.</summary>
    /// <exception cref="UsageException">It is below the least, or no number.</exception>
    public static T AtLeast<T>(this ParseResult parsed, Option<T> option, T least)
        where T : struct, IComparable<T>
    {
        T value = parsed.GetValue(option);
        return value.CompareTo(least) >= 0 ? value : throw new UsageException(FormattableString.Invariant($"{option.Name} is {value}, expected at least {least}."));
    }

    /// <summary>Options that would be passed over in silence are refused.</summary>
    /// <exception cref="UsageException">One was given.</exception>
    public static void RequireNone(this ParseResult parsed, string without, params IEnumerable<Option> options)
    {
        string[] lost = [.. options.Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => option.Name)];
        if (lost.Length > 0) throw new UsageException($"{string.Join(", ", lost)} without {without} says nothing.");
    }
}
