namespace LongContext.Data;

/// <summary>
/// A data file holds something else than expected; the message names the file and, where there is one, the line.
/// </summary>
public sealed class DataFormatException : FormatException
{
    /// <summary>A fault quotes what it found, which in a damaged file may be of any length: a report that keeps messages must not keep the file.</summary>
    private const int LongestFault = 2000;

    /// <summary>Makes an exception that tells nothing.</summary>
    public DataFormatException()
        : base("A data file has the wrong form.")
    {
    }

    /// <summary>Makes an exception with a message.</summary>
    /// <param name="message">What was found and what was expected.</param>
    public DataFormatException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with a message and a cause.</summary>
    /// <param name="message">What was found and what was expected.</param>
    /// <param name="innerException">The cause.</param>
    public DataFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes an exception about a place in a file; <paramref name="unit"/> is what <paramref name="lineNumber"/> counts: "line", "row", "element".</summary>
    internal DataFormatException(string path, long? lineNumber, string fault, Exception? innerException = null, string unit = "line")
        : base(lineNumber is { } line ? FormattableString.Invariant($"{path}, {unit} {line}: {Shortened(fault)}") : $"{path}: {Shortened(fault)}", innerException)
    {
        Path = path;
        LineNumber = lineNumber;
    }

    /// <summary>The file, or null where none is known.</summary>
    public string? Path { get; internal init; }

    /// <summary>The line (of a table the row, of a JSON array the element) from 1, or null where the fault is the whole file's.</summary>
    public long? LineNumber { get; internal init; }

    /// <summary>Whether nothing behind the fault can be read: it is no matter of one line.</summary>
    internal bool EndsFile { get; init; }

    /// <summary>A fault without its middle, where it is long; characters stay whole.</summary>
    private static string Shortened(string fault)
    {
        if (fault.Length <= LongestFault) return fault;
        int head = LongestFault / 2, tail = fault.Length - (LongestFault / 2);
        if (char.IsHighSurrogate(fault[head - 1])) head--;
        if (char.IsLowSurrogate(fault[tail])) tail++;
        return FormattableString.Invariant($"{fault[..head]}…({tail - head} characters)…{fault[tail..]}");
    }
}
