namespace LongContext.Data.Making;

/// <summary>Faults of lengths that a prompt does not fit into, with the length that would do: in their message for people, and beside it for reports.</summary>
internal static class LengthFault
{
    private const string Key = "LongContext.RequiredLength";

    /// <summary>A fault.</summary>
    /// <param name="message">What is too long, a whole sentence.</param>
    /// <param name="required">The shortest length in tokens that would do, answer and template included.</param>
    /// <param name="parameter">The parameter with the length, or null where the caller has none.</param>
    public static ArgumentException Create(string message, int required, string? parameter = null)
    {
        string whole = FormattableString.Invariant($"{message} It takes {required} tokens at least.");
        ArgumentException fault = parameter is null ? new(whole) : new(whole, parameter);
        fault.Data[Key] = required;
        return fault;
    }

    /// <summary>The length that would do, or null where the fault is another or nobody knows.</summary>
    public static int? RequiredOf(Exception fault) => fault.Data[Key] as int?;
}
